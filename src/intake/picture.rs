//! Looks that are shown as a picture too. The text is answered in any case; a picture that cannot be drawn or shown is said.

use chrono::Datelike as _;
use yoman_chat::{Picture, Style};

use super::{Failure, Intake, Speaker};
use crate::{
    command::{Look, Moment, Target},
    domain::{Filter, Handle},
    lang::{Lang, say},
    notify::Answer,
    picture::{self, Chart, PictureError, Series},
    projection::{Day, Stats, Viewer},
};

impl Intake {
    /// `/why T7 picture`
    pub(super) async fn why_picture(
        &self,
        (target, at): (Option<Target>, Option<Moment>),
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Result<Answer, Failure> {
        let mut answer = self.look(&Look::Why { target, at, picture: false }, speaker, viewer).await?;
        let none = match (viewer.capabilities.pictures, at) {
            (false, _) => Some(say!(viewer.lang, "picture-none-here")),
            (true, Some(_)) => Some(say!(viewer.lang, "picture-only-now")),
            (true, None) => None,
        };
        if let Some(why) = none {
            answer.message.text.push(Style::Dim, format!("\n{why}"));
            return Ok(answer);
        }
        let (item, graph) = self.why_graph(target, viewer)?;
        let name = format!("why-{item}.png");
        attach(&mut answer, viewer.lang, move || picture::why(&name, &graph)).await;
        Ok(answer)
    }

    /// `/stats picture`
    pub(super) async fn stats_picture(
        &self,
        filter: &Filter<Handle>,
        span: (Option<Moment>, Option<Moment>),
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Result<Answer, Failure> {
        let (message, stats) = self.stats(filter, span, speaker, viewer).await?;
        let mut answer = Answer::new(message);
        if !viewer.capabilities.pictures {
            answer.message.text.push(Style::Dim, "\n");
            answer.message.text.push(Style::Dim, say!(viewer.lang, "picture-none-here"));
            return Ok(answer);
        }
        let chart = burn_up(&stats, viewer.lang);
        attach(&mut answer, viewer.lang, move || picture::chart("stats.png", &chart)).await;
        Ok(answer)
    }
}

/// What there was to do, what of it was finished, and what was under way, day by day.
fn burn_up(stats: &Stats, lang: Lang) -> Chart {
    let series = |name: String, filled: bool, of: fn(&Day) -> usize| Series {
        name,
        points: stats.days.iter().map(|day| (day.day, of(day) as u64)).collect(),
        filled,
    };
    let day = |day: Option<&Day>| {
        day.map_or_else(String::new, |Day { day, .. }| {
            say!(
                lang,
                "chart-day",
                day = day.day().to_string(),
                month = lang.month(*day),
                year = day.year().to_string()
            )
        })
    };
    Chart {
        lang,
        heading: say!(lang, "chart-heading"),
        title: say!(lang, "chart-span", from = day(stats.days.first()), to = day(stats.days.last())),
        counted: say!(lang, "chart-counted"),
        series: vec![
            series(say!(lang, "chart-scope"), false, |day| day.scope),
            series(say!(lang, "chart-finished"), true, |day| day.done),
            series(say!(lang, "chart-under-way"), false, |day| day.under_way),
        ],
    }
}

/// Draws beside the async threads and puts the picture to the answer.
async fn attach(
    answer: &mut Answer,
    lang: Lang,
    draw: impl FnOnce() -> Result<Picture, PictureError> + Send + 'static,
) {
    let began = std::time::Instant::now();
    let drawn = tokio::task::spawn_blocking(draw).await;
    let drawn = drawn.unwrap_or_else(|error| Err(PictureError::Failed(error.to_string())));
    match drawn {
        Ok(picture) => {
            tracing::debug!(bytes = picture.png.len(), ms = began.elapsed().as_millis() as u64, "a picture was drawn");
            answer.message.picture = Some(picture);
        }
        Err(error) => {
            let why = say!(lang, "picture-not-drawn", why = error.to_string());
            answer.message.text.push(Style::Dim, format!("\n{why}"));
        }
    }
    // What drawing took is given back: it may be long until the next one.
    drop(tokio::task::spawn_blocking(crate::app::memory::trim));
}
