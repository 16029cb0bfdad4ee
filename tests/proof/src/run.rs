//! What a run is given, what it came to, and how both are told.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng};

use crate::program::Program;

/// What every run is given.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What is tried.
    pub program: Program,
    /// Repeats the choices of a run. The instants at which the machine gets round to them are its own.
    pub seed: u64,
    /// Plants a defect of the kind the run is there to find: then a run that finds nothing has failed.
    pub plant: bool,
}

impl Setting {
    /// The choices of this run.
    pub(crate) fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }

    /// A seed nobody chose.
    pub fn any_seed() -> u64 {
        // Short enough to be typed.
        u64::from(rand::random::<u32>())
    }
}

/// What a run came to that found nothing wrong.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How much was tried.
    pub size: String,
    /// What was seen, line by line.
    pub seen: Vec<String>,
}

impl Outcome {
    pub(crate) fn new(size: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { size: size.into(), seen: vec![seen.into()] }
    }
}

/// What was found wrong, in full.
pub type Found = Result<Outcome, String>;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// With this seed.
    pub seed: u64,
    /// What it came to.
    pub found: Found,
    /// So long it took.
    pub took: Duration,
    /// A defect was planted.
    pub planted: bool,
}

impl Ended {
    /// Nothing was found; or what was planted was.
    pub fn well(&self) -> bool {
        self.found.is_ok() != self.planted
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.took.as_secs_f64();
        let (name, seed) = (&self.name, self.seed);
        match (&self.found, self.planted) {
            (Ok(outcome), false) => {
                writeln!(f, "HELD   {name}   {}   {took:.1} s   seed {seed}", outcome.size)?;
                outcome.seen.iter().try_for_each(|line| writeln!(f, "       {line}"))
            }
            (Err(wrong), true) => {
                let line = wrong.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                writeln!(f, "CAUGHT {name}   what was planted was found   {took:.1} s   seed {seed}\n       {line}")
            }
            (Ok(_), true) => {
                writeln!(f, "BLIND  {name}   a defect was planted and not found   {took:.1} s   seed {seed}")
            }
            (Err(wrong), false) => writeln!(f, "BROKEN {name}   {took:.1} s   seed {seed}\n{wrong}"),
        }
    }
}

/// Does a run to its end, whatever it comes to: a panic of the run's own is something wrong, too.
pub async fn end(name: &str, setting: &Setting, run: impl Future<Output = Found>) -> Ended {
    println!("=== {name} --seed {}{}", setting.seed, if setting.plant { " --plant" } else { "" });
    let began = Instant::now();
    let found = CatchPanic(Box::pin(AssertUnwindSafe(run))).await;
    let ended = Ended { name: name.into(), seed: setting.seed, found, took: began.elapsed(), planted: setting.plant };
    println!("{ended}");
    ended
}

struct CatchPanic<F>(std::pin::Pin<Box<AssertUnwindSafe<F>>>);

impl<F: Future<Output = Found>> Future for CatchPanic<F> {
    type Output = Found;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Found> {
        let inner = &mut self.0;
        match std::panic::catch_unwind(AssertUnwindSafe(|| inner.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(why) => {
                let text = why.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| why.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
                std::task::Poll::Ready(Err(text.to_owned()))
            }
        }
    }
}
