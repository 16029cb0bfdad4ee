//! Looks that are shown as a picture too. The text is answered in any case; a picture that cannot be drawn or shown is said.

use yoman_chat::{Picture, Style};

use super::{Failure, Intake, Speaker};
use crate::{
    command::{Look, Target},
    notify::Answer,
    picture::{self, PictureError},
    projection::Viewer,
};

impl Intake {
    /// `/why T7 picture`
    pub(super) async fn why_picture(
        &self,
        target: Option<Target>,
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Result<Answer, Failure> {
        let mut answer = self.look(&Look::Why { target, picture: false }, speaker, viewer)?;
        if !viewer.capabilities.pictures {
            answer.message.text.push(Style::Dim, "\n(there are no pictures here)");
            return Ok(answer);
        }
        let (item, graph) = self.why_graph(target, viewer)?;
        let name = format!("why-{item}.png");
        attach(&mut answer, move || picture::why(&name, &graph)).await;
        Ok(answer)
    }
}

/// Draws beside the async threads and puts the picture to the answer.
async fn attach(answer: &mut Answer, draw: impl FnOnce() -> Result<Picture, PictureError> + Send + 'static) {
    let began = std::time::Instant::now();
    let drawn = tokio::task::spawn_blocking(draw).await;
    let drawn = drawn.unwrap_or_else(|error| Err(PictureError::Failed(error.to_string())));
    match drawn {
        Ok(picture) => {
            tracing::debug!(bytes = picture.png.len(), ms = began.elapsed().as_millis() as u64, "a picture was drawn");
            answer.message.picture = Some(picture);
        }
        Err(error) => {
            answer.message.text.push(Style::Dim, format!("\n(no picture: {error})"));
        }
    }
    // What drawing took is given back: it may be long until the next one.
    drop(tokio::task::spawn_blocking(crate::app::memory::trim));
}
