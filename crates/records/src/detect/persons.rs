//! Names of natural persons by their form: in Chinese characters, in Latin letters, and by the sound of the Chinese ones.

use super::known_names::{is_given_name, is_no_name, is_pinyin_surname, surname_length};

/// Bytes of the longest name that is looked at.
const MOST_BYTES: usize = 64;

/// How sure a name in Chinese characters is one: other words begin with the character of a surname, too.
const CHINESE: f64 = 0.9;
/// How sure a name in Latin letters is one: goods, ships and companies are named after persons.
const LATIN: f64 = 0.7;

/// Last characters of words for companies, places and goods, which names of persons hardly end with.
const NO_LAST: &str = "厂店社局省市县区镇乡州港湾岛路街院所司号行器品油糖布纸板管料粉酒茶肉鱼虾菜汁奶鞋帽衣裤包箱船灯缆泵阀件具材铜铝锌镍灰砖\
    瓦瓶盒罐膜胶漆酸碱盐醇酯烯苯药剂菌皮巾袜裙伞锁钉屏板卡盘键炉窑桶缸杯碗筷勺毯帘機廠縣區鎮鄉灣島號";

/// Words of names that begin with a small letter.
const PARTICLES: [&str; 20] = [
    "al", "bin", "bint", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la",
    "le", "ten", "van", "von", "zu",
];

/// How sure a text is the name of a natural person, from 0 to 1; 0 for what has not its form.
pub(super) fn person_name(text: &str) -> f64 {
    if text.len() > MOST_BYTES {
        0.0
    } else if is_chinese(text) {
        CHINESE
    } else if is_latin(text) {
        LATIN
    } else {
        0.0
    }
}

/// A common surname and one or two characters behind it, as more than 96 in 100 names have them (Ministry of Public Security, report on
/// the names of the nation of 2020).
fn is_chinese(text: &str) -> bool {
    let characters: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
    let is_han = |character: &char| matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}');
    let Some(surname) = surname_length(&characters) else { return false };
    let given = characters.len().saturating_sub(surname);
    let ends_otherwise = characters.last().is_some_and(|last| NO_LAST.contains(*last));
    (1..=2).contains(&given) && characters.iter().all(is_han) && !ends_otherwise
}

/// Two to four words with capitals, without digits and words of companies, one of them a common given name in its place; or a
/// Chinese name by its sound.
fn is_latin(text: &str) -> bool {
    let is_of_names = |character: char| character.is_alphabetic() || " .,-'’".contains(character);
    if !text.chars().all(is_of_names) {
        return false;
    }
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let names: Vec<&str> = words.iter().copied().filter(|word| !PARTICLES.contains(word)).collect();
    if !(2..=4).contains(&names.len()) || !names.iter().all(|word| is_capitalised(word)) {
        return false;
    }
    let names: Vec<String> = names.iter().map(|word| word.trim_end_matches('.').to_lowercase()).collect();
    if names.iter().any(|word| is_no_name(word)) {
        return false;
    }
    // `Smith, John`: what stands behind the comma is given.
    let behind = text.split_once(',').and_then(|(_, behind)| behind.split_whitespace().next());
    let first = behind.map_or_else(|| names[0].clone(), str::to_lowercase);
    let given = first.split('-').next().unwrap_or_default();
    is_given_name(given) || is_chinese_by_sound(&names)
}

/// A capital and letters behind it, or an initial.
fn is_capitalised(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// Two or three words of which the first or the last is a surname and the others are one or two syllables of Mandarin each.
fn is_chinese_by_sound(names: &[String]) -> bool {
    let is_given = |names: &[String]| names.iter().all(|name| is_pinyin(name));
    match names {
        [surname, given @ ..] if given.len() <= 2 && is_pinyin_surname(surname) && is_given(given) => true,
        [given @ .., surname] => given.len() <= 2 && is_pinyin_surname(surname) && is_given(given),
        [] => false,
    }
}

/// Whether a word of small letters is one syllable or two.
fn is_pinyin(word: &str) -> bool {
    let word = word.replace(['-', '\'', '’'], "");
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    is_syllable(&word) || (1..word.len()).any(|at| is_syllable(&word[..at]) && is_syllable(&word[at..]))
}

fn is_syllable(text: &str) -> bool {
    const INITIALS: [&str; 24] = [
        "", "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z",
        "c", "s", "y", "w",
    ];
    const FINALS: [&str; 34] = [
        "a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang", "iao", "ie",
        "in", "ing", "iong", "iu", "o", "ong", "ou", "u", "ua", "uai", "uan", "uang", "ue", "ui", "un", "uo",
        "v", "ve",
    ];
    let is_final = |rest: &str| FINALS.contains(&rest);
    INITIALS.iter().any(|initial| text.strip_prefix(initial).is_some_and(is_final))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_persons_have_their_form() {
        for name in ["王伟", "李秀英", "张 敏", "欧阳修", "诸葛孔明", "陳大文", "万里"] {
            assert!((person_name(name) - CHINESE).abs() < 1e-12, "{name}");
        }
        let latin = [
            "John Smith",
            "SMITH, JOHN",
            "Maria del Carmen Garcia",
            "Jean-Pierre Dupont",
            "Hans von der Heide",
            "Mary J. O'Neill",
            "Jürgen Müller",
            "Wang Fang",
            "Xiaoming Zhang",
            "LI NA",
        ];
        for name in latin {
            assert!((person_name(name) - LATIN).abs() < 1e-12, "{name}");
        }
    }

    #[test]
    fn companies_goods_and_places_have_not() {
        let others = [
            "",
            "Wang",
            "上海贸易有限公司",
            "金属制品",
            "石油",
            "黄铜管",
            "马口铁罐",
            "张家港",
            "江苏省",
            "钢管",
            "宁波",
            "Johnson Trading Co., Ltd.",
            "Robert Bosch GmbH",
            "James Walker Holdings",
            "Alpha Corp. DE-12",
            "Anping Bright Textiles",
            "Steel Pipes",
            "Other, of iron or steel",
            "Pan Lid",
            "Fan Motor",
            "Long Sleeve Shirt",
            "Los Angeles",
            "Hong Kong",
            "Port Elizabeth",
            "San Antonio",
            "Saint John",
            "New York",
            "Jebel Ali",
            "Rotterdam",
            "4700",
        ];
        for text in others {
            assert!(person_name(text) <= 0.0, "{text}");
        }
    }

    #[test]
    fn syllables_make_words() {
        for word in ["na", "fang", "xiaoming", "jian-guo", "guang"] {
            assert!(is_pinyin(word), "{word}");
        }
        for word in ["", "smith", "lid", "sleeve", "xiaomingming"] {
            assert!(!is_pinyin(word), "{word}");
        }
    }
}
