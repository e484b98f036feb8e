//! Postal addresses by their form: Chinese ones by the names of areas and streets and the number of the house, others by the words
//! for streets of several languages.

/// Bytes of the longest address that is looked at.
const MOST_BYTES: usize = 400;

/// What names of areas end with, from the province down to the village.
const AREAS: &str = "省市州盟县區区旗镇鎮乡鄉村屯";
/// The least of them, which addresses in the country end with.
const VILLAGES: &str = "镇鎮乡鄉村屯";
/// What names of streets end with.
const STREETS: &str = "路街巷弄道里";
/// What makes another thing of the character of a street: circuits, pipes, railways.
const NO_STREETS: &str = "电電管油气氣线線轨铁水";
/// What may stand between a street and the number: a direction, a part, an annex.
const BETWEEN: &str = "东西南北中東甲乙丙丁第段 ";
/// What stands behind the number of a house, a stair or a room.
const NUMBERED: &str = "号號弄室栋幢楼樓组座段";
const NUMERALS: &str = "一二三四五六七八九十百零〇";
/// Endings of names of companies, which have areas in them, too.
const COMPANIES: [&str; 6] = ["公司", "厂", "廠", "集团", "企业", "银行"];

/// Words for a street that stand behind its name; each begins with a capital, since `4 lane` and `off road` are no streets. What
/// names other things more often, such as `Drive`, `Way` and `Court`, is left out.
const BEHIND: [&str; 17] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "boulevard",
    "blvd",
    "lane",
    "highway",
    "hwy",
    "parkway",
    "terrace",
    "crescent",
    "straße",
    "strasse",
    "str",
];
/// Words for a street that stand before its name.
const BEFORE: [&str; 18] = [
    "rue",
    "avenue",
    "boulevard",
    "quai",
    "chemin",
    "allée",
    "impasse",
    "calle",
    "avenida",
    "paseo",
    "via",
    "viale",
    "piazza",
    "corso",
    "rua",
    "ulica",
    "ul",
    "jalan",
];
/// What the name of a street ends with where both are one word.
const WITHIN: [&str; 12] = [
    "straße", "strasse", "str", "gasse", "allee", "platz", "weg", "damm", "straat", "laan", "gracht", "gatan",
];

/// Whether a text is a postal address, as far as its form tells.
pub(super) fn is_address(text: &str) -> bool {
    text.len() <= MOST_BYTES && (is_chinese(text) || is_western(text))
}

/// A street and the number of a house, two areas and a number, or three areas down to a village.
fn is_chinese(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let areas: Vec<char> = characters.iter().copied().skip(1).filter(|c| AREAS.contains(*c)).collect();
    let has_number = |from: usize| is_numbered(&characters[from..]);
    let is_street = |at: usize| {
        at > 0
            && STREETS.contains(characters[at])
            && !NO_STREETS.contains(characters[at - 1])
            && has_number(at + 1)
    };
    if (0..characters.len()).any(is_street) {
        return true;
    }
    if areas.len() >= 2 && (0..characters.len()).any(has_number) {
        return true;
    }
    let is_of_company = COMPANIES.iter().any(|ending| text.ends_with(ending));
    let is_of_village = characters.last().is_some_and(|last| VILLAGES.contains(*last));
    areas.len() >= 3 && is_of_village && !is_of_company
}

/// Whether a text begins with a number and what stands behind that of a house, after what may stand before it.
fn is_numbered(text: &[char]) -> bool {
    let is_digit =
        |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c) || NUMERALS.contains(c) || c == '-';
    let text = &text[text.iter().take_while(|c| BETWEEN.contains(**c)).count()..];
    let digits = text.iter().take_while(|c| is_digit(**c)).count();
    (1..=8).contains(&digits) && text.get(digits).is_some_and(|c| NUMBERED.contains(*c))
}

/// A word for a street with its name, and the number of a house beside it or a postal code anywhere.
fn is_western(text: &str) -> bool {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !word.is_empty())
        .collect();
    let has_code = words.iter().any(|word| is_postal_code(word));
    (0..words.len()).any(|at| is_street(&words, at) && (has_code || has_house_number(&words, at)))
}

/// Whether a word is one for a street, with the name of the street beside or within it.
fn is_street(words: &[&str], at: usize) -> bool {
    let is_name = |word: &&str| word.chars().next().is_some_and(char::is_uppercase) || is_ordinal(word);
    let (word, low) = (words[at], words[at].to_lowercase());
    let has_capital = word.chars().next().is_some_and(char::is_uppercase);
    let before = at.checked_sub(1).map(|before| words[before]);
    let behind = words.get(at + 1);
    let of_name =
        |word: &&str| is_name(word) || matches!(*word, "de" | "du" | "des" | "del" | "della" | "la");
    (has_capital && BEHIND.contains(&low.as_str()) && before.as_ref().is_some_and(is_name))
        || (BEFORE.contains(&low.as_str()) && behind.is_some_and(of_name))
        || (has_capital
            && WITHIN.iter().any(|end| low.strip_suffix(end).is_some_and(|name| name.chars().count() > 2)))
}

/// Whether one of the four words before or the four behind is the number of a house; it stands next to a name or the street.
fn has_house_number(words: &[&str], at: usize) -> bool {
    let near = &words[at.saturating_sub(4)..(at + 5).min(words.len())];
    near.iter().any(|word| is_house_number(word))
}

/// `12`, `12a`, `12-14` or `12/3`.
fn is_house_number(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &word[digits..];
    let is_more = |rest: &str| rest.len() <= 5 && rest.bytes().all(|byte| byte.is_ascii_digit());
    (1..=5).contains(&digits)
        && (rest.is_empty()
            || (rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
            || rest.strip_prefix(['-', '/']).is_some_and(is_more))
}

/// `5th`, `42nd`.
fn is_ordinal(word: &str) -> bool {
    ["st", "nd", "rd", "th"].iter().any(|end| {
        let digits = word.strip_suffix(end);
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Four to six digits.
fn is_postal_code(word: &str) -> bool {
    (4..=6).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_their_form() {
        let addresses = [
            "上海市浦东新区张杨路500号",
            "张杨路500弄12号",
            "广东省深圳市南山区科技园3栋201室",
            "河南省周口市太康县城关镇",
            "中山东路一段5号",
            "12 Harbour Road",
            "350 Fifth Avenue, New York, NY 10118",
            "221b Baker St., London",
            "No. 88 Huaihai Road",
            "100 42nd Street",
            "12, rue de la Paix, 75002 Paris",
            "Hauptstraße 5",
            "Berliner Str. 12-14, 10115 Berlin",
            "Calle Mayor 3, Madrid",
            "Herengracht 182",
        ];
        for address in addresses {
            assert!(is_address(address), "{address}");
        }
    }

    #[test]
    fn companies_goods_and_places_have_not() {
        let others = [
            "",
            "上海市",
            "洋山保税港区3号仓库",
            "广东省佛山市顺德区乐从镇钢铁公司",
            "品目84.71的机器的零件",
            "电路板3号",
            "集成电路",
            "4 lane scanner",
            "off road tyres 205",
            "Heading 8471 Road vehicles",
            "Tubes, pipes and hollow profiles",
            "Via Rail",
            "Road wheels",
            "Silk Road Trading Co., Ltd.",
            "Port Klang",
            "4700",
        ];
        for text in others {
            assert!(!is_address(text), "{text}");
        }
    }
}
