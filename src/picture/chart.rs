//! Figures over time: a line each, with its name and its last figure where it ends.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use plotters::{
    prelude::{
        AreaSeries, ChartBuilder, Color as _, IntoDrawingArea as _, IntoFont as _, LineSeries, RGBColor, SVGBackend,
    },
    style::ShapeStyle,
};

use super::{
    Chart, PictureError,
    fonts::FAMILY,
    svg::{Drawn, Svg, Type, colour},
};
use crate::lang::{Lang, say};

const SIZE: (f32, f32) = (540.0, 400.0);
const SCALE: f32 = 2.0;
const MARGIN: f32 = 24.0;
const HEAD: f32 = 76.0;
/// For the names at the ends of the lines.
const NAMES: f32 = 118.0;
/// The least distance of two names.
const NAME_ROW: f32 = 30.0;
/// The most lines that can be told apart.
const SERIES_MAX: usize = 4;

const HEADING: Type = Type::new(21.0, colour::INK).bold();
const TITLE: Type = Type::new(14.0, colour::SOFT);
const FIGURE: Type = Type::new(15.0, colour::INK).bold();
const AXIS: Type = Type::new(12.0, colour::SOFT);

/// Draws it.
pub(super) fn svg(data: &Chart) -> Result<Drawn, PictureError> {
    let (width, height) = SIZE;
    let mut svg = Svg::new(width, height, SCALE);
    let room = width - 2.0 * MARGIN;
    svg.fitted((MARGIN, 38.0), HEADING, room, &data.heading);
    svg.fitted((MARGIN, 60.0), TITLE, room, &data.title);

    let plot = (MARGIN, HEAD, width - 2.0 * MARGIN - NAMES, height - HEAD - 14.0);
    let Plot { inner, days, ends } = plotted(data, (plot.2 as u32, plot.3 as u32))?;
    svg.raw(&format!(r#"<g transform="translate({:.1} {:.1})">{inner}</g>"#, plot.0, plot.1));

    for ((x, day), set) in days.into_iter().zip([AXIS, AXIS.to_the_right(), AXIS.centred()]) {
        svg.text((plot.0 + x, height - 20.0), set, &day);
    }

    let from = plot.0 + plot.2 + 10.0;
    for (n, (x, y)) in ends.iter().enumerate() {
        svg.dot((plot.0 + x, plot.1 + y), 5.0, colour::LINES[n % colour::LINES.len()]);
    }
    let mut names: Vec<(f32, usize)> = ends.iter().enumerate().map(|(n, (_, y))| (plot.1 + y, n)).collect();
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = plot.1 + 14.0;
    let all = names.len();
    for (placed, (at, n)) in names.into_iter().enumerate() {
        let last = height - 30.0 - (all - placed - 1) as f32 * NAME_ROW;
        let y = at.max(free).min(last);
        free = y + NAME_ROW;
        let tint = colour::LINES[n % colour::LINES.len()];
        svg.line((from - 10.0, at), (from - 2.0, y), 1.5, tint);
        let series = &data.series[n];
        let figure = series.points.last().map_or(0, |(_, figure)| *figure).to_string();
        svg.text((from, y + 1.0), FIGURE.tinted(tint), &figure);
        svg.fitted((from, y + 15.0), AXIS, width - MARGIN - from, &series.name);
    }
    svg.fitted((plot.0, HEAD + 6.0), AXIS, 120.0, &data.counted);
    Ok(svg.done())
}

/// A plot without words.
struct Plot {
    inner: String,
    /// The first day, the last, one in the middle: how far to the right, and what they are called.
    days: Vec<(f32, String)>,
    /// How far to the right and down each line ends.
    ends: Vec<(f32, f32)>,
}

fn plotted(data: &Chart, size: (u32, u32)) -> Result<Plot, PictureError> {
    let days: BTreeSet<NaiveDate> = data.series.iter().flat_map(|it| it.points.iter().map(|(day, _)| *day)).collect();
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return Err(PictureError::Empty) };
    let at = |day: NaiveDate| day.signed_duration_since(first).num_days() as f64;
    let most = data.series.iter().flat_map(|it| it.points.iter().map(|(_, figure)| *figure)).max().unwrap_or(0);
    let (span, top) = (at(last).max(1.0), (most as f64 * 1.1).max(4.0));
    let failed = |error: &dyn std::fmt::Display| PictureError::Failed(error.to_string());

    let (mut inner, mut ends) = (String::new(), Vec::new());
    let named_days;
    {
        let root = SVGBackend::with_string(&mut inner, size).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(18)
            .margin_right(4)
            .x_label_area_size(26)
            .y_label_area_size(38)
            .build_cartesian_2d(0.0..span, 0.0..top)
            .map_err(|error| failed(&error))?;
        let label = (FAMILY, 12).into_font().color(&rgb(colour::SOFT));
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(ShapeStyle::from(rgb(colour::PAPER)).stroke_width(0))
            .bold_line_style(ShapeStyle::from(rgb(colour::FAINT)).stroke_width(1))
            .axis_style(ShapeStyle::from(rgb(colour::FAINT)).stroke_width(1))
            .x_labels(0)
            .y_labels(5)
            .y_label_formatter(&|figure| format!("{figure:.0}"))
            .label_style(label)
            .draw()
            .map_err(|error| failed(&error))?;
        for (n, series) in data.series.iter().take(SERIES_MAX).enumerate() {
            let tint = rgb(colour::LINES[n % colour::LINES.len()]);
            let points = || series.points.iter().map(|(day, figure)| (at(*day), *figure as f64));
            if series.filled {
                chart.draw_series(AreaSeries::new(points(), 0.0, tint.mix(0.14))).map_err(|error| failed(&error))?;
            }
            chart
                .draw_series(LineSeries::new(points(), ShapeStyle::from(tint).stroke_width(3)))
                .map_err(|error| failed(&error))?;
            let end = points().next_back().unwrap_or((0.0, 0.0));
            let (x, y) = chart.backend_coord(&end);
            ends.push((x as f32, y as f32));
        }
        let place = |days: f64| chart.backend_coord(&(days, 0.0)).0 as f32;
        // A single day, two of them, or the ends and the middle.
        let marks = [0.0, at(last), (span / 2.0).floor()];
        let marks = marks.into_iter().take(if at(last) < 1.0 {
            1
        } else if at(last) < 8.0 {
            2
        } else {
            3
        });
        named_days = marks.map(|days| (place(days), named(first, last, days as i64, data.lang))).collect();
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(Plot { inner, days: named_days, ends })
}

/// A day on the axis.
fn named(first: NaiveDate, last: NaiveDate, days: i64, lang: Lang) -> String {
    let day = chrono::TimeDelta::try_days(days).and_then(|days| first.checked_add_signed(days));
    let Some(day) = day else { return String::new() };
    let (of_month, month) = (day.day().to_string(), lang.month(day));
    if first.year() == last.year() {
        say!(lang, "chart-axis-day", day = of_month, month)
    } else {
        say!(lang, "chart-day", day = of_month, month, year = day.year().to_string())
    }
}

/// `#1c2530` as plotters has it.
fn rgb(hex: &str) -> RGBColor {
    let part = |at: usize| hex.get(at..at + 2).and_then(|it| u8::from_str_radix(it, 16).ok()).unwrap_or(0);
    RGBColor(part(1), part(3), part(5))
}
