//! What a column seems to hold, from its name and from values of it: identity numbers, phones, cards, names of persons, places.
//! A proposal comes with its evidence; a data steward decides.

mod addresses;
mod known_names;
mod numbers;
mod persons;

pub use numbers::{bank_card, credit_code, resident_identity};

use crate::category::Category;
use crate::table::Grade;
use std::sync::LazyLock;

/// Values of one column that are looked at.
pub const MOST_VALUES: usize = 10_000;
/// Values that must be there before their content is evidence.
const LEAST_VALUES: usize = 20;

/// Something that a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Number of a resident identity card (GB 11643-1999).
    ResidentIdentity,
    /// Unified social credit code (GB 32100-2015).
    CreditCode,
    /// Telephone number (E.164, or a Chinese mobile number).
    Phone,
    /// Number of a payment card (ISO/IEC 7812-1).
    BankCard,
    /// E-mail address (RFC 5322, the common form).
    Email,
    /// Latitude and longitude in one text, in either order.
    Coordinates,
    /// Name of a natural person.
    PersonName,
    /// Postal address.
    Address,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::ResidentIdentity,
        Self::CreditCode,
        Self::Phone,
        Self::BankCard,
        Self::Email,
        Self::Coordinates,
        Self::PersonName,
        Self::Address,
    ];

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResidentIdentity => "resident identity number",
            Self::CreditCode => "unified social credit code",
            Self::Phone => "telephone number",
            Self::BankCard => "payment card number",
            Self::Email => "e-mail address",
            Self::Coordinates => "coordinates",
            Self::PersonName => "name of a person",
            Self::Address => "postal address",
        }
    }

    /// The grade that is proposed.
    pub fn grade(self) -> Grade {
        match self {
            Self::CreditCode => Grade::General3,
            _ => Grade::General4,
        }
    }

    /// The category that is proposed.
    pub fn category(self) -> Category {
        match self {
            Self::CreditCode => Category::Party,
            _ => Category::Person,
        }
    }

    /// How sure the form of a value tells that it is one, from 0 to 1; 0 when it has not the form.
    fn certainty(self, value: &str) -> f64 {
        let fits = match self {
            Self::ResidentIdentity => resident_identity(value),
            Self::CreditCode => credit_code(value),
            Self::Phone => PHONE.is_match(value),
            Self::BankCard => bank_card(value),
            Self::Email => EMAIL.is_match(value),
            Self::Coordinates => coordinates(value),
            Self::PersonName => return persons::person_name(value),
            Self::Address => addresses::is_address(value),
        };
        f64::from(u8::from(fits))
    }

    /// The least confidence that is worth a proposal. Lists know only the commonest names, and addresses are written in many ways:
    /// of such columns fewer values fit than of numbers, and of others hardly any.
    fn least_confidence(self) -> f64 {
        match self {
            Self::PersonName => 0.3,
            Self::Address => 0.4,
            _ => 0.5,
        }
    }

    /// Words of a column's name that speak for it.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::ResidentIdentity => &["id_card", "identity_card", "resident_id"],
            Self::CreditCode => &["credit_code", "uscc"],
            Self::Phone => &["phone", "mobile", "telephone"],
            Self::BankCard => &["card_number", "bank_card", "account_number"],
            Self::Email => &["email", "e_mail"],
            Self::Coordinates => &["latitude", "longitude", "coordinates", "geo_point"],
            Self::PersonName => {
                &["person_name", "officer_name", "contact_name", "recipient_name", "passenger_name"]
            }
            Self::Address => &["address_line", "street", "postal_address", "home_address"],
        }
    }
}

/// `+` and 8 to 15 digits, or a Chinese mobile number.
static PHONE: LazyLock<regex::Regex> =
    LazyLock::new(|| pattern(r"^(\+[1-9][0-9 -]{7,17}[0-9]|(86)?1[3-9][0-9]{9})$"));
static EMAIL: LazyLock<regex::Regex> =
    LazyLock::new(|| pattern(r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"));

fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(text).unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
}

/// Two decimal numbers with at least three digits after the point, within the range of degrees; the longitude stands first in China.
fn coordinates(value: &str) -> bool {
    let Some((one, other)) = value.split_once([',', ';', '，']) else { return false };
    let degrees = |text: &str, most: f64| {
        let text = text.trim();
        let is_precise = text.split_once('.').is_some_and(|(_, digits)| digits.len() >= 3);
        is_precise && text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most)
    };
    degrees(one, 90.0) && degrees(other, 180.0) || degrees(one, 180.0) && degrees(other, 90.0)
}

/// What a column seems to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What.
    pub kind: Kind,
    /// Values that have its form.
    pub fitting: usize,
    /// Values that were looked at.
    pub values: usize,
    /// Whether the column's name speaks for it.
    pub is_named: bool,
    /// Lower end of Wilson's interval at 95 % for the share of values that have the form, times how sure the form is: 1 but for
    /// names of persons. With a name of the column that speaks for it, at least one half.
    pub confidence: f64,
}

/// What values of a column came to for one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    fitting: usize,
    /// Sum over those that fit.
    certainty: f64,
}

impl Tally {
    fn add(&mut self, certainty: f64) {
        self.fitting += usize::from(certainty > 0.0);
        self.certainty += certainty;
    }

    fn confidence(self, values: usize) -> f64 {
        if values < LEAST_VALUES || self.fitting == 0 {
            return 0.0;
        }
        wilson_lower(self.fitting, values) * (self.certainty / self.fitting as f64)
    }
}

/// Proposals for a column, the surest first; values beyond [`MOST_VALUES`] are not looked at.
pub fn propose<'a>(column: &str, values: impl IntoIterator<Item = &'a str>) -> Vec<Proposal> {
    let mut tallies = [Tally::default(); Kind::ALL.len()];
    let mut looked_at = 0;
    for value in values.into_iter().filter(|value| !value.is_empty()).take(MOST_VALUES) {
        looked_at += 1;
        for (kind, tally) in Kind::ALL.iter().zip(&mut tallies) {
            tally.add(kind.certainty(value));
        }
    }
    let column = column.to_lowercase();
    let proposal = |(kind, tally): (Kind, Tally)| {
        let is_named = kind.words().iter().any(|word| column.contains(word));
        let told = tally.confidence(looked_at);
        let confidence = if is_named { told.max(0.5) } else { told };
        let proposal = Proposal { kind, fitting: tally.fitting, values: looked_at, is_named, confidence };
        (confidence >= kind.least_confidence()).then_some(proposal)
    };
    let mut proposals: Vec<Proposal> = Kind::ALL.into_iter().zip(tallies).filter_map(proposal).collect();
    proposals.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    proposals
}

/// Lower end of the interval of a share at 95 % (Wilson 1927, Journal of the American Statistical Association 22(158)).
fn wilson_lower(of: usize, n: usize) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let (n, share) = (n as f64, of as f64 / n as f64);
    let middle = share + Z * Z / (2.0 * n);
    let width = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    (middle - width) / (1.0 + Z * Z / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(column: &str, values: &[&str]) -> Vec<Kind> {
        let many: Vec<&str> = values.iter().copied().cycle().take(60).collect();
        propose(column, many).into_iter().map(|proposal| proposal.kind).collect()
    }

    #[test]
    fn content_tells_what_a_column_holds() {
        assert_eq!(kinds("c1", &["11010519491231002X", "440524188001010014"]), [Kind::ResidentIdentity]);
        assert_eq!(kinds("c2", &["91350100M000100Y43"]), [Kind::CreditCode]);
        assert_eq!(kinds("c3", &["13812345678", "+49 30 1234567"]), [Kind::Phone]);
        assert_eq!(kinds("c4", &["4111111111111111"]), [Kind::BankCard]);
        assert_eq!(kinds("c5", &["li.wei@example.cn"]), [Kind::Email]);
        assert_eq!(kinds("c6", &["31.2304, 121.4737"]), [Kind::Coordinates]);
        assert_eq!(kinds("c6", &["121.4737,31.2304", "116.397，39.908"]), [Kind::Coordinates]);
        assert_eq!(kinds("c7", &["4700", "steel pipes", "2025-01-03", "121.4737,131.2304"]), []);
    }

    #[test]
    fn names_tell_where_content_cannot() {
        assert_eq!(kinds("recipient_name", &["Petunia Umbridge", "Ng"]), [Kind::PersonName]);
        assert_eq!(kinds("delivery_address_line", &["Harbour Gate 12"]), [Kind::Address]);
    }

    #[test]
    fn names_of_persons_and_addresses_are_told_by_content() {
        let chinese = ["王伟", "李秀英", "欧阳修", "张敏", "巴图", "慕容雪"];
        assert_eq!(kinds("c8", &chinese), [Kind::PersonName]);
        let latin = ["John Smith", "Maria Garcia", "Li Na", "Petunia Umbridge", "Thomas Müller"];
        assert_eq!(kinds("c9", &latin), [Kind::PersonName]);
        let addresses =
            ["12 Harbour Road", "上海市浦东新区张杨路500号", "12, rue de la Paix, Paris", "Haus am See"];
        assert_eq!(kinds("c10", &addresses), [Kind::Address]);
        let confidence = |values: &[&str]| {
            propose("c", values.iter().copied().cycle().take(60)).first().map(|found| found.confidence)
        };
        assert!(confidence(&["John Smith"]) < confidence(&["王伟"]), "letters tell less than a surname");
        assert!(confidence(&["王伟"]) < confidence(&["13812345678"]), "and that less than a check digit");
    }

    #[test]
    fn companies_goods_and_ports_are_no_persons_and_no_addresses() {
        let columns: [&[&str]; 5] = [
            &[
                "Anping Bright Textiles Co., Ltd.",
                "Robert Bosch GmbH",
                "Alpha Corp. DE-12",
                "上海贸易有限公司",
                "万科集团",
            ],
            &[
                "Steel pipes",
                "Frozen Shrimp",
                "Men's Cotton Shirts",
                "高强度钢管",
                "石油",
                "金属制品",
                "黄铜管",
            ],
            &[
                "Other, of iron or steel, of circular cross-section",
                "Machines of heading 84.71: parts and accessories",
                "Tubes, pipes and hollow profiles, seamless",
                "品目84.71的机器的零件",
            ],
            &[
                "Rotterdam",
                "Los Angeles",
                "Hong Kong",
                "Port Klang",
                "San Antonio",
                "上海",
                "张家港",
                "宁波舟山",
                "Jebel Ali",
            ],
            &["4700", "CNSHA", "洋山保税港区3号仓库", "Terminal 4, Berth 12"],
        ];
        for values in columns {
            assert_eq!(kinds("c", values), [], "{values:?}");
        }
    }

    #[test]
    fn few_or_stray_values_are_no_evidence() {
        assert_eq!(propose("c", ["13812345678"; 5]), []);
        let mostly_other = std::iter::repeat_n("13812345678", 30).chain(std::iter::repeat_n("none", 70));
        assert_eq!(propose("c", mostly_other), []);
    }

    #[test]
    fn confidence_is_the_lower_end_of_the_interval() {
        // Computed with statsmodels.stats.proportion.proportion_confint(45, 50, method="wilson").
        assert!((wilson_lower(45, 50) - 0.786_397_7).abs() < 1e-6, "{}", wilson_lower(45, 50));
    }
}
