//! SVG to PNG, in memory, with nothing from the system.

use std::{
    collections::{HashMap, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use resvg::{tiny_skia, usvg};

use super::{PictureError, fonts, svg::Drawn};

/// The longest side of a picture, in pixels.
pub(super) const SIDE_PX_MAX: f32 = 2000.0;
/// The largest file, in bytes: what every platform takes, and a phone on a train.
const PNG_BYTES_MAX: usize = 2_000_000;

/// One picture is drawn at a time: each takes some ten megabytes for a moment.
static TURN: Mutex<()> = Mutex::new(());

/// Draws it.
pub(super) fn file(drawn: &Drawn) -> Result<Vec<u8>, PictureError> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // What somebody wrote is drawn here: whatever a font does with it must not take the process along.
    let png = catch_unwind(AssertUnwindSafe(|| draw(drawn)))
        .unwrap_or_else(|_| Err(PictureError::Failed("the drawing broke off".into())))?;
    if png.len() > PNG_BYTES_MAX {
        return Err(PictureError::Failed(format!("it became {} kB large", png.len() / 1000)));
    }
    Ok(png)
}

fn draw(drawn: &Drawn) -> Result<Vec<u8>, PictureError> {
    let failed = |error: &dyn std::fmt::Display| PictureError::Failed(error.to_string());
    let options = usvg::Options {
        fontdb: Arc::new(fonts::database()),
        font_family: fonts::FAMILY.to_owned(),
        // Nothing is read from anywhere.
        resources_dir: None,
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(&drawn.text, &options).map_err(|error| failed(&error))?;
    let size = tree.size();
    let scale = drawn.scale.min(SIDE_PX_MAX / size.width()).min(SIDE_PX_MAX / size.height());
    let pixels = |side: f32| (side * scale).round().max(1.0) as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut pixmap = tiny_skia::Pixmap::new(width, height).ok_or(PictureError::Empty)?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let (palette, places) = colours(pixmap.data());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let pixels = match palette {
        Some(palette) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette);
            // Places in a palette are no amounts: differences between them say nothing.
            encoder.set_filter(png::Filter::NoFilter);
            places
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            pixmap.data().chunks_exact(4).flat_map(|pixel| pixel.iter().take(3).copied().collect::<Vec<_>>()).collect()
        }
    };
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer.write_image_data(&pixels).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    Ok(file)
}

/// The colours of a picture and which of them each pixel has: a picture of a few inks on white has few colours when what is
/// nearly the same is the same. No palette when there are too many.
fn colours(pixels: &[u8]) -> (Option<Vec<u8>>, Vec<u8>) {
    // So many steps from dark to light; both ends stay as they are.
    const STEPS: u32 = 15;
    let nearest = |part: u8| ((u32::from(part) * STEPS + 127) / 255 * 255 / STEPS) as u8;
    let mut known: HashMap<[u8; 3], u8> = HashMap::new();
    let mut palette = Vec::new();
    let mut places = Vec::with_capacity(pixels.len() / 4);
    let mut last = None;
    for pixel in pixels.chunks_exact(4) {
        let colour = [nearest(pixel[0]), nearest(pixel[1]), nearest(pixel[2])];
        if let Some((before, place)) = last
            && before == colour
        {
            places.push(place);
            continue;
        }
        let next = known.len();
        let place = match known.entry(colour) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(free) => {
                let Ok(place) = u8::try_from(next) else { return (None, Vec::new()) };
                palette.extend(colour);
                *free.insert(place)
            }
        };
        places.push(place);
        last = Some((colour, place));
    }
    (Some(palette), places)
}
