//! Lists of names: the commonest Chinese surnames, and common given names in Latin letters.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The hundred commonest surnames of China and the two behind them, which are those of 86 % of all whose households are
/// registered (Ministry of Public Security, Research Centre of Household Administration, report on the names of the nation of 2019,
/// published on 20 January 2020; that of 2020, published on 8 February 2021, tells of hardly any change), other forms of some of
/// them, and the traditional forms of those that have one.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆\
    范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严欧莫孔向常汤萧傅阎丘\
    張劉陳楊黃趙吳孫馬羅鄭謝許鄧韓馮蕭蔣葉蘇呂盧鍾譚陸範韋賈鄒閻龍賀顧龔萬錢嚴歐湯";

/// Surnames of two characters (the same report of 2020), and the traditional forms of those that have one.
const COMPOUND_SURNAMES: [&str; 20] = [
    "欧阳", "上官", "皇甫", "令狐", "诸葛", "司徒", "司马", "申屠", "夏侯", "贺兰", "完颜", "慕容", "尉迟",
    "长孙", "歐陽", "諸葛", "司馬", "賀蘭", "尉遲", "長孫",
];

/// Surnames of the list as they are spelt by their sound. `kong` is left out, which would make a name of Hong Kong.
const PINYIN_SURNAMES: &str = "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he gao lin luo zheng liang \
    xie song tang deng han feng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lv lyu lü ding ren lu \
    yao shen zhong cui tan fan liao shi jin jia xia fu fang zou xiong bai meng qin qiu hou yin xue yan duan lei long tao mao \
    hao gu gong shao wan qian dai ou mo xiang chang ouyang shangguan huangfu zhuge situ sima murong";

/// Given names of persons of many countries: common ones of the United States (after the Social Security Administration's top
/// names over the last 100 years), less those that are names of places or things as well, and common ones of Europe, of Arabic and
/// of India.
const GIVEN_NAMES: &str = "james michael robert john david william richard joseph thomas christopher charles daniel matthew anthony \
    mark steven donald andrew joshua paul kenneth kevin brian timothy ronald jason george edward jeffrey ryan jacob nicholas gary \
    eric jonathan stephen larry justin benjamin scott brandon samuel gregory alexander patrick frank raymond dennis tyler aaron \
    jerry jose nathan adam henry zachary douglas peter noah kyle ethan christian jeremy keith sean roger terry walter dylan gerald \
    carl bryan gabriel jesse harold lawrence arthur bruce billy elijah alan juan liam willie albert randy wayne vincent lucas caleb \
    luke bobby isaac bradley philip martin simon stuart graham colin ian neil oliver harry hugh nigel \
    mary patricia jennifer linda elizabeth barbara susan jessica karen sarah lisa nancy sandra ashley emily kimberly betty margaret \
    donna michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia amy kathleen angela dorothy shirley emma \
    brenda nicole pamela samantha anna katherine christine debra rachel carolyn maria janet heather diane catherine julie helen \
    joyce lauren kelly christina joan judith ruth hannah evelyn andrea megan cheryl jacqueline sophia abigail teresa isabella sara \
    janice martha gloria kathryn ann judy julia denise danielle natalie alice marilyn diana beverly jean brittany theresa frances \
    kayla alexis tiffany lori kathy claire alison fiona lucy \
    hans jürgen juergen wolfgang klaus dieter uwe andreas stefan matthias jens sven heinz helmut ralf bernd holger markus jan lars \
    ursula monika petra sabine claudia renate gisela ingrid brigitte susanne birgit katrin anja heike silke \
    pierre philippe michel françois francois jacques laurent nicolas alain olivier christophe thierry marie nathalie isabelle sylvie \
    catherine françoise francoise monique valérie valerie sandrine céline celine \
    antonio manuel francisco javier carlos miguel josé jesús luis pedro rafael fernando alejandro carmen pilar dolores mercedes lucía \
    giuseppe giovanni mario luigi francesco roberto paolo marco stefano giulia francesca paola joão joao paulo ana tiago \
    piotr krzysztof andrzej tomasz paweł agnieszka katarzyna małgorzata ivan sergey sergei dmitry dmitri vladimir nikolai mikhail \
    alexei olga elena natalia tatiana svetlana irina erik anders johan nils karin ingrid pieter willem cornelis johannes hendrik \
    mohammed mohamed muhammad mohammad ahmed ahmad ali hassan hussein ibrahim mustafa mehmet yusuf fatima aisha khadija \
    rajesh suresh ramesh sunil anil sanjay vijay priya anita sunita pooja amit";

/// Words of names of companies, places and goods: a text with one of them is no name of a person.
const NO_NAMES: &str = "ltd limited co company inc incorporated corp corporation llc llp plc gmbh ag kg ohg ug sa sas sarl spa srl bv nv ab \
    as oy oyj pte pty sdn bhd sl kk trading traders group holding holdings industries industrial industry international global import \
    imports export exports logistics shipping freight transport bank insurance brothers bros sons works factory mills motors \
    engineering technology technologies tech electronics electric electrical chemical chemicals pharma textile textiles foods \
    products services solutions systems supply supplies manufacturing enterprise enterprises partners associates university \
    institute ministry customs agency office port puerto porto san santa santo são saint st fort cape new city town bay harbour \
    harbor island islands isle beach lake mount river north south east west terminal airport \
    and of the for with set sets parts";

static OF_SURNAMES: LazyLock<HashSet<char>> = LazyLock::new(|| SURNAMES.chars().collect());
static OF_PINYIN: LazyLock<HashSet<&str>> = LazyLock::new(|| words(PINYIN_SURNAMES));
static OF_GIVEN_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| words(GIVEN_NAMES));
static OF_NO_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| words(NO_NAMES));

fn words(text: &'static str) -> HashSet<&'static str> {
    text.split_whitespace().collect()
}

/// Characters of the surname that a name begins with.
pub(super) fn surname_length(name: &[char]) -> Option<usize> {
    if COMPOUND_SURNAMES.iter().any(|known| known.chars().eq(name.iter().copied().take(2))) {
        return Some(2);
    }
    name.first().is_some_and(|first| OF_SURNAMES.contains(first)).then_some(1)
}

/// Whether a word of small letters is a common surname of China by its sound.
pub(super) fn is_pinyin_surname(word: &str) -> bool {
    OF_PINYIN.contains(word)
}

/// Whether a word of small letters is a common given name.
pub(super) fn is_given_name(word: &str) -> bool {
    OF_GIVEN_NAMES.contains(word)
}

/// Whether a word of small letters is one of companies, places or goods.
pub(super) fn is_no_name(word: &str) -> bool {
    OF_NO_NAMES.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_the_hundred_and_their_other_forms() {
        assert!(OF_SURNAMES.len() > 130, "{}", OF_SURNAMES.len());
        for first in "王李张刘陈万欧向".chars() {
            assert_eq!(surname_length(&[first, '伟']), Some(1), "{first}");
        }
        assert_eq!(surname_length(&['欧', '阳', '修']), Some(2));
        assert_eq!(surname_length(&['钢', '管']), None);
    }
}
