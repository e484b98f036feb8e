//! The charts of the report, drawn as SVG.

use super::data::{Day, Tally};
use super::format::{count, percent};
use super::rate::Rate;
use super::statements::SCORE_BINS;
use crate::JobError;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;

const WIDTH: u32 = 860;
const FONT: &str = "sans-serif";
const SELECTED: RGBColor = RGBColor(31, 78, 121);
const SHED: RGBColor = RGBColor(176, 196, 214);
const CAPACITY: RGBColor = RGBColor(196, 89, 17);
const DECIDED: RGBColor = RGBColor(201, 206, 211);
const INK: RGBColor = RGBColor(60, 66, 72);
const GRID: RGBColor = RGBColor(226, 229, 232);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A drawn chart and what its colours mean.
pub(super) struct Chart {
    /// The `svg` element.
    pub svg: String,
    /// Colour as CSS has it, and meaning.
    pub legend: Vec<(String, &'static str)>,
}

fn draw(
    height: u32,
    paint: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn Error + Send + Sync>>,
) -> Result<String, JobError> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
    paint(&area).and_then(|()| Ok(area.present()?)).map_err(|e| JobError::Chart(e.to_string()))?;
    drop(area);
    Ok(svg)
}

fn css(colour: RGBColor) -> String {
    format!("rgb({},{},{})", colour.0, colour.1, colour.2)
}

fn legend(entries: &[(RGBColor, &'static str)]) -> Vec<(String, &'static str)> {
    entries.iter().map(|(colour, meaning)| (css(*colour), *meaning)).collect()
}

/// Inspections on the work lists of each day, what did not fit, and the slots there were.
pub(super) fn load_by_day(days: &[Day]) -> Result<Chart, JobError> {
    let most = days.iter().map(|d| d.tally.candidates.max(d.tally.selected).max(d.slots.unwrap_or(0)));
    let top = (most.max().unwrap_or(0).max(1) as f64) * 1.08;
    let svg = draw(260, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(62)
            .build_cartesian_2d(0.0..days.len() as f64, 0.0..top)?;
        let label = |x: &f64| days.get(*x as usize).map_or(String::new(), |d| d.name.clone());
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(INK)
            .label_style((FONT, 12, &INK))
            .x_labels(8)
            .x_label_formatter(&label)
            .y_label_formatter(&|y| count(y.round() as u64))
            .y_desc("declarations")
            .draw()?;
        let gap = if days.len() > 120 { 0.0 } else { 0.1 };
        let bar = |day: usize, from: u64, to: u64, colour: RGBColor| {
            let corners = [(day as f64 + gap, from as f64), (day as f64 + 1.0 - gap, to.max(from) as f64)];
            Rectangle::new(corners, colour.filled())
        };
        chart.draw_series(days.iter().enumerate().map(|(i, d)| bar(i, 0, d.tally.selected, SELECTED)))?;
        let shed = days.iter().enumerate().map(|(i, d)| bar(i, d.tally.selected, d.tally.candidates, SHED));
        chart.draw_series(shed)?;
        let slots = days.iter().enumerate().filter_map(|(i, d)| Some((i as f64, d.slots? as f64)));
        chart.draw_series(
            slots.map(|(x, y)| PathElement::new(vec![(x, y), (x + 1.0, y)], CAPACITY.stroke_width(2))),
        )?;
        Ok(())
    })?;
    let mut entries = vec![(SELECTED, "selected"), (SHED, "drawn, but no slot was left")];
    if days.iter().any(|d| d.slots.is_some()) {
        entries.push((CAPACITY, "slots of the offices that had declarations"));
    }
    Ok(Chart { svg, legend: legend(&entries) })
}

/// How many declarations have which score, all and the selected, on a logarithmic axis.
pub(super) fn scores(bins: &[Tally]) -> Result<Chart, JobError> {
    let most = bins.iter().map(|b| b.decided).max().unwrap_or(0).max(10) as f64 * 1.5;
    let svg = draw(260, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .x_label_area_size(40)
            .y_label_area_size(62)
            .build_cartesian_2d(0.0..1.0_f64, (0.6..most).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(INK)
            .label_style((FONT, 12, &INK))
            .x_labels(11)
            .x_label_formatter(&|x| format!("{x:.1}"))
            .x_desc("score: probability of a discrepancy")
            .y_label_formatter(&|y| if *y < 1.0 { String::new() } else { count(y.round() as u64) })
            .y_desc("declarations (logarithmic)")
            .draw()?;
        let width = 1.0 / SCORE_BINS as f64;
        let bars = |of: fn(&Tally) -> u64, inset: f64, colour: RGBColor| {
            bins.iter().enumerate().filter(move |(_, b)| of(b) > 0).map(move |(i, b)| {
                let (left, right) = ((i as f64 + inset) * width, (i as f64 + 1.0 - inset) * width);
                Rectangle::new([(left, 0.6), (right, of(b) as f64)], colour.filled())
            })
        };
        chart.draw_series(bars(|b| b.decided, 0.06, DECIDED))?;
        chart.draw_series(bars(|b| b.selected, 0.26, SELECTED))?;
        Ok(())
    })?;
    Ok(Chart { svg, legend: legend(&[(DECIDED, "decided"), (SELECTED, "of them selected")]) })
}

/// Shares with their intervals, one line each.
pub(super) fn rates(rates: &[(String, Rate)]) -> Result<Chart, JobError> {
    const LEFT: i32 = 250;
    const RIGHT: i32 = 170;
    const LINE: i32 = 30;
    let height = LINE * rates.len() as i32 + 44;
    let most = (rates.iter().map(|(_, r)| r.high).fold(0.1, f64::max) * 20.0).ceil() / 20.0;
    let svg = draw(height as u32, |area| {
        let x = |share: f64| LEFT + (share / most * f64::from(WIDTH as i32 - LEFT - RIGHT)) as i32;
        let text = |pos: Pos| TextStyle::from((FONT, 12)).color(&INK).pos(pos);
        let bottom = LINE * rates.len() as i32 + 6;
        for step in 0..=4 {
            let share = most * f64::from(step) / 4.0;
            area.draw(&PathElement::new(vec![(x(share), 0), (x(share), bottom)], GRID))?;
            let below = text(Pos::new(HPos::Center, VPos::Top));
            area.draw(&Text::new(percent(share), (x(share), bottom + 6), below))?;
        }
        for (i, (label, rate)) in rates.iter().enumerate() {
            let y = LINE * i as i32 + LINE / 2;
            let centre = |h| text(Pos::new(h, VPos::Center));
            area.draw(&Text::new(label.clone(), (LEFT - 12, y), centre(HPos::Right)))?;
            let whisker = vec![(x(rate.low), y), (x(rate.high), y)];
            area.draw(&PathElement::new(whisker, SELECTED.stroke_width(2)))?;
            for end in [rate.low, rate.high] {
                let cap = vec![(x(end), y - 5), (x(end), y + 5)];
                area.draw(&PathElement::new(cap, SELECTED.stroke_width(2)))?;
            }
            area.draw(&Circle::new((x(rate.value), y), 5, SELECTED.filled()))?;
            let figures = format!("{} [{}, {}]", percent(rate.value), percent(rate.low), percent(rate.high));
            area.draw(&Text::new(figures, (x(most) + 14, y), centre(HPos::Left)))?;
        }
        Ok(())
    })?;
    Ok(Chart { svg, legend: Vec::new() })
}
