//! The ground truth: what the flawed goods items really are. It is kept apart from every other table.

use crate::flaw::{Declared, Flaw};
use crate::fraud_kind::Kind;
use crate::world::{Importer, World};
use arrow::array::{ArrayRef, Decimal128Builder, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::Arc;
use tidegate_records::table::{AMOUNT_DECIMALS, MEASURE_DECIMALS};

/// Schema of the ground truth, one row for each flawed goods item.
///
/// `kind` is `undervaluation`, `misclassification`, `false-origin`, `quantity`, `splitting`, `concealment` (any of
/// them by an importer that took over a downgraded one's trade) or `mistake`; `means` is how it was done, for
/// concealment the kind behind it. Amounts are in the configured currency.
pub fn truth_schema() -> SchemaRef {
    let amount = DataType::Decimal128(AMOUNT_DECIMALS.0, AMOUNT_DECIMALS.1);
    let mass = DataType::Decimal128(MEASURE_DECIMALS.0, MEASURE_DECIMALS.1);
    Arc::new(Schema::new(vec![
        Field::new("declaration_id", DataType::Utf8, false),
        Field::new("goods_item_seq", DataType::Int64, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("means", DataType::Utf8, false),
        Field::new("true_customs_value_amount", amount.clone(), false),
        Field::new("true_commodity_hs6", DataType::Utf8, false),
        Field::new("true_origin_country_code", DataType::Utf8, false),
        Field::new("true_net_mass_kg", mass, false),
        Field::new("concealed_importer_id", DataType::Utf8, true),
        Field::new("evaded_revenue_amount", amount, false),
    ]))
}

/// Grows one batch of the ground truth.
pub(crate) struct TruthBuilder {
    texts: [StringBuilder; 6],
    sequence: Int64Builder,
    numbers: [Decimal128Builder; 3],
}

impl TruthBuilder {
    pub(crate) fn new() -> Self {
        Self {
            texts: std::array::from_fn(|_| StringBuilder::new()),
            sequence: Int64Builder::new(),
            numbers: std::array::from_fn(|_| Decimal128Builder::new()),
        }
    }

    /// Adds the flawed items of a declaration.
    pub(crate) fn push(&mut self, world: &World, declared: &Declared, declaration_id: &str) {
        let (Some(kind), Some(flaw)) = (declared.code(), declared.flaw) else { return };
        let shipment = &declared.shipment;
        let means = match flaw {
            Flaw::Fraud(means) => Kind::code(means),
            Flaw::Mistake => kind,
        };
        let concealed = match (shipment.importer, flaw) {
            (Importer::Successor(_), Flaw::Fraud(_)) => {
                let mut behind = shipment.clone();
                behind.importer = Importer::Trader(shipment.trader.number);
                Some(world.importer_identity(&behind).0)
            }
            _ => None,
        };
        for position in (0..shipment.items.len()).filter(|p| declared.is_flawed(*p)) {
            let actual = shipment.items[position].actual;
            let [id, kinds, by, hs6, origin, importer] = &mut self.texts;
            id.append_value(declaration_id);
            kinds.append_value(kind);
            by.append_value(means);
            hs6.append_value(world.catalogue.commodities[actual.commodity].hs6);
            origin.append_value(world.partners[actual.origin].code);
            importer.append_option(concealed.as_deref());
            self.sequence.append_value(position as i64 + 1);
            let [value, mass, evaded] = &mut self.numbers;
            value.append_value(scaled(actual.value, 2, AMOUNT_DECIMALS.1));
            mass.append_value(scaled(actual.mass, 3, MEASURE_DECIMALS.1));
            evaded.append_value(scaled(world.evaded(shipment, position), 2, AMOUNT_DECIMALS.1));
        }
    }

    pub(crate) fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let [id, kind, means, hs6, origin, importer] =
            self.texts.each_mut().map(|t| Arc::new(t.finish()) as ArrayRef);
        let [value, mass, evaded] = &mut self.numbers;
        let number = |builder: &mut Decimal128Builder, (precision, scale): (u8, i8)| {
            builder.finish().with_precision_and_scale(precision, scale).map(|a| Arc::new(a) as ArrayRef)
        };
        let columns = vec![
            id,
            Arc::new(self.sequence.finish()),
            kind,
            means,
            number(value, AMOUNT_DECIMALS)?,
            hs6,
            origin,
            number(mass, MEASURE_DECIMALS)?,
            importer,
            number(evaded, AMOUNT_DECIMALS)?,
        ];
        RecordBatch::try_new(truth_schema(), columns)
    }
}

/// A number of `digits` decimal places as the integer that stands for it at a scale.
fn scaled(value: f64, digits: i32, scale: i8) -> i128 {
    let power = |n: i32| 10_i128.pow(n.unsigned_abs());
    (value * power(digits) as f64).round() as i128 * power(i32::from(scale) - digits)
}
