//! Consignments as declarations of the record model.

use crate::amendment::Amended;
use crate::currency;
use crate::grade::Grade;
use crate::identity;
use crate::office::Mode;
use crate::random::{Purpose, Stream};
use crate::shipment::Shipment;
use crate::trader::Trader;
use crate::world::{self, World};
use chrono::{DateTime, TimeDelta, Utc};
use tidegate_records::model::{
    Agent, AuthorisationHolder, BorderTransportMeans, Carrier, Consignee, Consignment, Declarant,
    Declaration, Destination, ExportCountry, Exporter, GoodsLocation, GoodsShipment, Importer,
    PreviousDocument, Seller, TradeTerms, TransportContractDocument, TransportEquipment, Ucr,
};
use tidegate_records::value::{Amount, Decimal, Measure, Text};

/// Message functions (UN/EDIFACT 1225).
const ORIGINAL: &str = "9";
const CHANGE: &str = "4";
/// Mass that one container takes, kg.
const CONTAINER: f64 = 18_000.0;

#[expect(clippy::unnecessary_wraps, reason = "every field of the model is optional")]
pub(crate) fn text(value: impl AsRef<str>) -> Option<Text> {
    Some(Text::from(value.as_ref()))
}

#[expect(clippy::unnecessary_wraps, reason = "every field of the model is optional")]
pub(crate) fn amount(value: f64, currency: &str) -> Option<Amount> {
    Some(Amount { value: Decimal::new((value * 1e2).round() as i64, 2), currency: text(currency) })
}

#[expect(clippy::unnecessary_wraps, reason = "every field of the model is optional")]
pub(crate) fn measure(value: f64, unit: &str) -> Option<Measure> {
    Some(Measure { value: Decimal::new((value * 1e3).round() as i64, 3), unit: text(unit) })
}

/// How the papers of one declaration turn out: terms, transport, dates.
pub(crate) struct Papers {
    pub(crate) incoterm: &'static str,
    /// Share of freight and insurance in the customs value that the invoice does not hold.
    pub(crate) freight: f64,
    pub(crate) currency: &'static str,
    /// Units of the invoice currency for one unit of the configured one.
    pub(crate) rate: f64,
    stream: Stream,
}

impl World {
    pub(crate) fn papers(&self, shipment: &Shipment) -> Papers {
        let mut stream = Stream::new(self.seed(), Purpose::Paper, shipment.serial);
        let incoterm =
            ["CIF", "FOB", "FCA", "EXW", "DAP"][stream.weighted([0.45, 0.28, 0.12, 0.08, 0.07].into_iter())];
        // Terms of water transport have their twins for the other modes.
        let incoterm = match (incoterm, shipment.mode) {
            ("CIF", Mode::Rail | Mode::Road | Mode::Air) => "CIP",
            ("FOB", Mode::Rail | Mode::Road | Mode::Air) => "FCA",
            (incoterm, _) => incoterm,
        };
        let carriage = if shipment.mode == Mode::Air { 0.06 } else { 0.03 } * stream.between(0.5, 1.5);
        let freight = if matches!(incoterm, "CIF" | "CIP" | "DAP") { 0.0 } else { carriage };
        let currency = self.partners[shipment.partner].currency;
        let rate = |code| currency::units_a_dollar(code).unwrap_or(1.0);
        Papers {
            incoterm,
            freight,
            currency,
            rate: rate(currency) / rate(&self.configuration.currency),
            stream,
        }
    }

    /// Registration number and name of the importer.
    pub(crate) fn importer_identity(&self, shipment: &Shipment) -> (String, String) {
        self.identity_of(shipment.importer, &shipment.trader)
    }

    /// Registration number and name of an importer of a trader's goods.
    pub(crate) fn identity_of(&self, importer: world::Importer, trader: &Trader) -> (String, String) {
        let enterprise = self.enterprise_of(importer);
        let office = &self.offices[trader.offices[0]].code;
        (
            identity::enterprise_id(self.seed(), enterprise, office, false),
            identity::enterprise_name(self.seed(), enterprise, false),
        )
    }

    /// Registration number of a broker, which sits at the office where it began.
    pub(crate) fn broker_id(&self, broker: u64) -> String {
        let office = Stream::pair(self.seed(), Purpose::Broker, 1, broker).below(self.offices.len());
        identity::enterprise_id(
            self.seed(),
            self.enterprise_of_broker(broker),
            &self.offices[office].code,
            true,
        )
    }

    /// Customs number of a declaration.
    pub(crate) fn declaration_id(&self, shipment: &Shipment) -> String {
        let office = &self.offices[shipment.office].code;
        identity::declaration_id(office, self.configuration.year, shipment.serial)
    }

    /// The declaration of a consignment: its first version, or the second one with what it amends.
    pub(crate) fn declaration(&self, shipment: &Shipment, amended: Option<&Amended>) -> Declaration {
        let mut papers = self.papers(shipment);
        let accepted_at = self.calendar.accepted_at(shipment.serial);
        let (importer_id, importer_name) = self.importer_identity(shipment);
        let broker_id = shipment.broker.map(|b| self.broker_id(b));
        let declarant_id = broker_id.as_deref().unwrap_or(&importer_id);
        let in_advance = papers.stream.coin(if shipment.grade <= Grade::Certified { 0.3 } else { 0.1 });
        let issued_at = match amended {
            Some(amended) => amended.issued_at,
            None => accepted_at - TimeDelta::seconds(60 + papers.stream.below(5_000) as i64),
        };
        let currency = &self.configuration.currency;
        let invoice: f64 = shipment.items.iter().map(|item| papers.invoiced(item.declared.value)).sum();
        let gross: f64 = shipment.items.iter().map(|item| item.gross).sum();
        let packages: u32 = shipment.items.iter().filter_map(|item| item.packages).sum();
        let (seller_id, seller_name) =
            identity::seller(self.seed(), self.partners[shipment.partner].code, shipment.seller);
        let office = &self.offices[shipment.office].code;
        Declaration {
            acceptance_date_time: Some(accepted_at),
            function_code: text(if amended.is_some() { CHANGE } else { ORIGINAL }),
            functional_reference_id: text(format!("{declarant_id}{:09}", shipment.serial + 1)),
            id: text(self.declaration_id(shipment)),
            issue_date_time: Some(issued_at),
            type_code: text(if in_advance { "IMD" } else { "IMA" }),
            goods_item_quantity: u32::try_from(shipment.items.len()).ok(),
            declaration_office_id: text(office),
            invoice_amount: amount(invoice, papers.currency),
            total_gross_mass_measure: measure(gross, "KGM"),
            total_package_quantity: (packages > 0).then_some(packages),
            agent: broker_id.as_ref().map_or_else(Agent::default, |id| Agent {
                id: text(id),
                function_code: text("2"),
                ..Agent::default()
            }),
            amendment: amended.iter().map(|a| a.statement()).collect(),
            authorisation_holder: authorisations(shipment.grade, &importer_id),
            border_transport_means: self.means(shipment, &mut papers.stream),
            consignment: Consignment {
                carrier: Carrier { id: text(carrier(shipment, &mut papers.stream)), ..Carrier::default() },
                ..Consignment::default()
            },
            declarant: Declarant { id: text(declarant_id), ..Declarant::default() },
            exporter: exporter(&seller_name, self.partners[shipment.partner].code),
            goods_shipment: GoodsShipment {
                government_agency_goods_item: self.goods_items(shipment, &papers, currency),
                seller: Seller { id: text(seller_id), name: text(seller_name), ..Seller::default() },
                consignee: Consignee { id: text(&importer_id), ..Consignee::default() },
                importer: Importer {
                    id: text(&importer_id),
                    name: text(importer_name),
                    ..Importer::default()
                },
                ..self.goods_shipment(shipment, &mut papers)
            },
            version_numeric: Some(if amended.is_some() { 2 } else { 1 }),
            supervision_mode_code: text(if shipment.processing { "0615" } else { "0110" }),
            levy_nature_code: text(if shipment.processing { "503" } else { "101" }),
            contract_id: text(format!("{}-{}", &importer_id[6..], 10_000 + papers.stream.below(90_000))),
            border_port_id: text(office),
            border_crossing_date_time: Some(crossing(
                accepted_at,
                in_advance,
                shipment.mode,
                &mut papers.stream,
            )),
            payment_arrangement_code: text(payment(shipment.grade, &mut papers.stream)),
            ..Declaration::default()
        }
    }

    fn goods_shipment(&self, shipment: &Shipment, papers: &mut Papers) -> GoodsShipment {
        let departure = self.partners[shipment.departure].code;
        let gross: f64 = shipment.items.iter().map(|item| item.gross).sum();
        let containers = match shipment.mode {
            Mode::Sea | Mode::Rail if shipment.items[0].packages.is_some() => {
                (gross / CONTAINER).ceil().min(6.0) as usize
            }
            _ => 0,
        };
        let document = if shipment.mode == Mode::Air { "740" } else { "705" };
        let number = papers.stream.below(900_000_000) + 100_000_000;
        let equipment = (1..=containers).map(|sequence| TransportEquipment {
            sequence_numeric: u32::try_from(sequence).ok(),
            id: text(identity::container_id(&mut papers.stream)),
            seal: Vec::new(),
        });
        GoodsShipment {
            transaction_nature_code: text("11"),
            consignment: Consignment {
                container_code: text(if containers > 0 { "1" } else { "0" }),
                transport_equipment: equipment.collect(),
                goods_location: GoodsLocation {
                    name: text(format!(
                        "{}-Z{}",
                        self.offices[shipment.office].code,
                        1 + shipment.serial % 5
                    )),
                    type_code: text("A"),
                    ..GoodsLocation::default()
                },
                transport_contract_document: vec![TransportContractDocument {
                    id: text(format!("H{departure}{number}")),
                    type_code: text(if shipment.mode == Mode::Air { "703" } else { "714" }),
                }],
                ..Consignment::default()
            },
            destination: Destination {
                country_code: text(&self.configuration.country),
                ..Destination::default()
            },
            export_country: ExportCountry { id: text(departure) },
            previous_document: vec![PreviousDocument {
                category_code: text("X"),
                id: text(format!("{departure}{number}")),
                type_code: text(document),
                line_numeric: None,
            }],
            trade_terms: TradeTerms { condition_code: text(papers.incoterm), ..TradeTerms::default() },
            ucr: Ucr { id: None, trader_assigned_reference_id: text(format!("PO{}", number % 10_000_000)) },
            ..GoodsShipment::default()
        }
    }

    fn means(&self, shipment: &Shipment, stream: &mut Stream) -> BorderTransportMeans {
        let departure = self.partners[shipment.departure].code;
        let (id, nationality) = match shipment.mode {
            Mode::Sea => (
                format!("IMO{}", 9_100_000 + stream.below(800_000)),
                ["PA", "LR", "MH", "SG"][stream.below(4)],
            ),
            Mode::Air => (format!("{departure}{}", 100 + stream.below(900)), departure),
            Mode::Rail => (format!("X{}", 8_000 + stream.below(900)), departure),
            Mode::Road => (format!("{departure}-{:05}", stream.below(100_000)), departure),
        };
        BorderTransportMeans {
            id: text(id),
            mode_code: text(shipment.mode.code()),
            registration_nationality_code: text(nationality),
            ..BorderTransportMeans::default()
        }
    }
}

impl Papers {
    /// What the invoice says for a customs value.
    pub(crate) fn invoiced(&self, value: f64) -> f64 {
        (value * (1.0 - self.freight) * self.rate * 1e2).round().max(1.0) / 1e2
    }
}

fn authorisations(grade: Grade, importer: &str) -> Vec<AuthorisationHolder> {
    let certified = grade <= Grade::Certified;
    let holder = AuthorisationHolder { id: text(importer), category_code: text("AEOC") };
    certified.then_some(holder).into_iter().collect()
}

fn exporter(name: &str, country: &str) -> Exporter {
    let mut exporter = Exporter { name: text(name), ..Exporter::default() };
    exporter.address.country_code = text(country);
    exporter
}

fn carrier(shipment: &Shipment, stream: &mut Stream) -> String {
    format!("CR{}{:03}", shipment.mode.code(), stream.below(if shipment.mode == Mode::Sea { 40 } else { 90 }))
}

fn crossing(accepted_at: DateTime<Utc>, in_advance: bool, mode: Mode, stream: &mut Stream) -> DateTime<Utc> {
    let hours = if mode == Mode::Sea { stream.log_normal(60.0, 0.6) } else { stream.log_normal(12.0, 0.6) };
    // Goods must be declared within fourteen days of their entry.
    let delay = TimeDelta::seconds((hours.clamp(1.0, 330.0) * 3_600.0) as i64);
    if in_advance { accepted_at + delay / 2 } else { accepted_at - delay }
}

/// At release, deferred or periodic with a guarantee.
fn payment(grade: Grade, stream: &mut Stream) -> &'static str {
    let weights = if grade <= Grade::Certified { [0.2, 0.2, 0.6] } else { [0.75, 0.2, 0.05] };
    ["11", "33", "43"][stream.weighted(weights.into_iter())]
}
