use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use unicode_normalization::UnicodeNormalization;

use super::{MAX_KEYWORD_BYTES, MAX_KEYWORDS, MAX_REGEXES, MAX_RULES, Rules, fold, fold_pattern, is_ideograph};
use crate::reply::content::MAX_REPLY_BYTES;
use crate::rule::{KeywordRule, MAX_PICTURE_SIDE, MAX_URL_BYTES, Matching, Picture};

fn rules(pairs: &[(&str, &str)]) -> Vec<KeywordRule> {
    pairs.iter().map(|(keyword, reply)| KeywordRule::new(*keyword, *reply)).collect()
}

fn regex(pattern: &str) -> KeywordRule {
    KeywordRule::new(pattern, "x").matching(Matching::Regex)
}

fn refusal(list: Vec<KeywordRule>) -> String {
    Rules::compile(list).err().expect("it is refused").to_string()
}

#[test]
fn the_first_rule_in_the_list_that_matches_answers() {
    let compiled = Rules::compile(rules(&[
        ("最低多少", "不议价"),
        ("包邮", "包邮的"),
        ("price", "See the page"),
        ("多少", "九十"),
        ("没了", ""),
    ]))
    .unwrap();
    for (text, reply) in [
        ("请问包邮吗", Some("包邮的")),
        ("最低多少", Some("不议价")),
        ("多少,最低多少", Some("不议价")),
        ("多少钱 包邮?", Some("包邮的")),
        ("多少", Some("九十")),
        ("What's the PRICE?", Some("See the page")),
        ("ＰＲＩＣＥ？", Some("See the page")),
        ("没了吗", Some("")),
        ("在吗", None),
        ("", None),
    ] {
        assert_eq!(compiled.first_match(text, None).map(|found| found.reply.text), reply, "{text}");
    }
}

#[test]
fn item_rules_go_first_and_each_kind_of_keyword_takes_its_place_in_the_list() {
    let compiled = Rules::compile(vec![
        KeywordRule::of(["退货", "退款"], "1"),
        KeywordRule::new(r"\d+\s*元", "2").matching(Matching::Regex),
        KeywordRule::of(["在", "Hi"], "3").matching(Matching::Exact),
        KeywordRule::new("在", "4"),
        KeywordRule::new("退", "5").for_item("920"),
        KeywordRule::new("^多", "6").matching(Matching::Regex).for_item("920"),
        KeywordRule::new("多少", "7").for_item("920"),
        KeywordRule::new("好的", "8").matching(Matching::Exact).for_item("921"),
        KeywordRule::new("（急）+", "9").matching(Matching::Regex),
        KeywordRule::new("ＯＫ[！？]", "10").matching(Matching::Regex),
    ])
    .unwrap();
    for (text, item_id, expected) in [
        ("我要退款", None, Some((1, "退款"))),
        ("退货！退款！", None, Some((1, "退货"))),
        ("我要退款", Some("920"), Some((5, "退"))),
        ("我要退款", Some("921"), Some((1, "退款"))),
        ("我要退款", Some(""), Some((1, "退款"))),
        ("９０ 元？在", None, Some((2, r"\d+\s*元"))),
        ("九十元，在", None, Some((4, "在"))),
        ("在", None, Some((3, "在"))),
        (" ＨＩ\n", None, Some((3, "Hi"))),
        ("hi!", None, None),
        ("在？", None, Some((4, "在"))),
        ("多少", Some("920"), Some((6, "^多"))),
        ("到底多少", Some("920"), Some((7, "多少"))),
        ("多少", None, None),
        ("好的", Some("921"), Some((8, "好的"))),
        ("好的", Some("920"), None),
        ("（急））", None, Some((9, "（急）+"))),
        ("急", None, None),
        ("ok!", None, Some((10, "ＯＫ[！？]"))),
    ] {
        let found = compiled.first_match(text, item_id).map(|found| (found.place, found.keyword));
        assert_eq!(found, expected, "{text} about {item_id:?}");
    }
}

#[test]
fn a_reply_is_a_text_or_a_picture_or_both_or_nothing() {
    let picture = Picture::new("https://img.alicdn.com/a.jpg", 800, 600);
    let compiled = Rules::compile(vec![
        KeywordRule::new("both", "text").with_picture(picture.clone()),
        KeywordRule::new("picture", "").with_picture(picture.clone()),
        KeywordRule::new("text", "text"),
        KeywordRule::new("nothing", ""),
    ])
    .unwrap();
    for (keyword, text, has_picture, is_empty) in
        [("both", "text", true, false), ("picture", "", true, false), ("text", "text", false, false), ("nothing", "", false, true)]
    {
        let reply = compiled.first_match(keyword, None).unwrap().reply;
        assert_eq!((reply.text, reply.picture, reply.is_empty()), (text, has_picture.then_some(&picture), is_empty), "{keyword}");
    }
}

#[test]
fn a_keyword_that_would_match_everything_is_refused_with_its_place() {
    for blank in ["", " ", "\n\t", "\u{3000}", "\u{200b}", "\u{feff} \u{ad}", "\u{3164}", "\0"] {
        for matching in Matching::ALL {
            let error = refusal(vec![KeywordRule::new("包邮", "是"), KeywordRule::new(blank, "x").matching(*matching)]);
            assert!(error.starts_with("keywords: rule 2: its keyword is empty"), "{error}");
        }
    }
    assert!(refusal(vec![KeywordRule::of(["a", "", "b"], "x")]).starts_with("keywords: rule 1: its keyword 2 is empty"));
    assert!(refusal(vec![KeywordRule::of([""; 0], "x")]).starts_with("keywords: rule 1: it has no keyword"));
    for pattern in ["a*", "^", "$", "a|", r"\b", r"(?m)^", "(包邮)?", "x{0,3}", r"\B|a"] {
        let error = refusal(vec![regex("包邮"), regex(pattern)]);
        assert!(error.starts_with("keywords: rule 2: its keyword matches the empty text"), "{pattern}: {error}");
    }
}

#[test]
fn a_bad_pattern_is_refused_with_its_place_and_what_is_wrong() {
    for (pattern, sentence) in [
        ("包(邮", "unclosed group (at byte 3)"),
        ("[a", "unclosed character class"),
        ("a**b(", "unclosed group"),
        (r"包\（邮", "unrecognized escape sequence"),
        (r"(a)\1", "backreferences are not supported"),
        ("(?=a)b", "look-around"),
        (r"\p{Nonsense}", "property not found"),
        (r"\w{900}", "needs more than"),
        ("(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}", "needs more than"),
        (&format!("{}a{}", "(".repeat(60), ")".repeat(60)), "nested"),
    ] {
        let error = refusal(vec![KeywordRule::new("包邮", "是"), regex(pattern)]);
        assert!(error.starts_with("keywords: rule 2: its keyword ") && error.contains(sentence), "{pattern}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    for pattern in [r"\p{Han}+", r"\w+\s\d", "(?i)PRICE", "[一-龥]{2,4}元", "é|ñ", r"尺码\?$"] {
        Rules::compile(vec![regex(pattern)]).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    }
}

#[test]
fn compatibility_forms_in_a_pattern_stand_for_themselves() {
    for (pattern, folded) in
        [("（ａ）", r"\(a\)"), ("[（）]+", r"[\(\)]+"), (r"\（", r"\（"), (r"\\（", r"\\\("), ("包邮", "包邮"), ("a\\", "a\\")]
    {
        assert_eq!(fold_pattern(pattern), folded, "{pattern}");
    }
}

#[test]
fn sizes_are_bounded() {
    let is_taken = |list: Vec<KeywordRule>| Rules::compile(list).is_ok();
    let pair = || KeywordRule::new("a", "b");
    assert!(is_taken(vec![pair(); MAX_RULES]));
    assert!(!is_taken(vec![pair(); MAX_RULES + 1]));
    assert!(is_taken(vec![KeywordRule::of(vec!["a"; MAX_KEYWORDS], "b")]));
    assert!(!is_taken(vec![KeywordRule::of(vec!["a"; MAX_KEYWORDS], "b"), pair()]));
    assert!(!is_taken(vec![KeywordRule::new("a".repeat(MAX_KEYWORD_BYTES + 1), "b")]));
    assert!(!is_taken(vec![KeywordRule::of(vec!["a".repeat(MAX_KEYWORD_BYTES); 1_001], "b")]));
    assert!(!is_taken(vec![regex(&"a".repeat(MAX_KEYWORD_BYTES + 1))]));
    assert!(!is_taken(vec![KeywordRule::of(vec!["a"; MAX_REGEXES + 1], "b").matching(Matching::Regex)]));
    assert!(!is_taken(vec![KeywordRule::new("a", "b".repeat(MAX_REPLY_BYTES + 1))]));
    assert!(is_taken(vec![pair().for_item("9".repeat(255))]));
    assert!(!is_taken(vec![pair().for_item("9".repeat(256))]));
    assert!(!is_taken(vec![pair().for_item("")]));
}

#[test]
fn a_picture_has_a_url_and_a_size() {
    let long = format!("https://x/{}", "a".repeat(MAX_URL_BYTES));
    for (url, width, height, is_taken) in [
        ("https://img.alicdn.com/a.jpg", 1, MAX_PICTURE_SIDE, true),
        ("HTTP://x", 800, 600, true),
        ("https://x/图.jpg", 800, 600, true),
        ("ftp://x/a.jpg", 800, 600, false),
        ("/tmp/a.jpg", 800, 600, false),
        ("https://", 800, 600, false),
        ("https:///a.jpg", 800, 600, false),
        ("https://x/a b.jpg", 800, 600, false),
        ("https://x/a\r\nb.jpg", 800, 600, false),
        ("图图图图图图", 800, 600, false),
        ("", 800, 600, false),
        (&long, 800, 600, false),
        ("https://x/a.jpg", 0, 600, false),
        ("https://x/a.jpg", 800, MAX_PICTURE_SIDE + 1, false),
    ] {
        let taken = Rules::compile(vec![KeywordRule::new("a", "").with_picture(Picture::new(url, width, height))]);
        assert_eq!(taken.is_ok(), is_taken, "{url} {width} x {height}");
    }
}

#[test]
fn what_an_earlier_version_took_and_this_one_does_not_is_left_out_and_the_rest_keeps_its_place() {
    let compiled = Rules::of_record(&rules(&[("\u{200b}", "x"), ("包邮", "是")]));
    assert_eq!(compiled.first_match("包邮\u{200b}", None).map(|found| found.place), Some(2));
}

/// The limits are far above what it takes: only time that grows with rules times message, or faster, reaches them.
#[test]
fn ten_thousand_keywords_and_hostile_patterns_cost_one_pass_over_the_message() {
    let message = "a".repeat(1_000_000);
    let nested: Vec<String> = (1..=700).rev().map(|n| format!("{}b", "a".repeat(n))).collect();
    let many: Vec<String> = (0..9_000).map(|n| format!("关键词{n}号")).collect();
    let start = Instant::now();
    let compiled = Rules::compile(vec![KeywordRule::of(nested, "1"), KeywordRule::of(many, "2")]).unwrap();
    assert_eq!(compiled.first_match(&message, None), None);
    assert_eq!(compiled.first_match(&format!("{message}关键词8999号"), None).map(|found| found.place), Some(2));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());

    // The worst that the limits let through, as often as they do.
    let worst: Vec<_> = (0..MAX_REGEXES).map(|n| regex(&format!("((a|b|c|d|e|.){{0,60}}){{4}}{n}!"))).collect();
    let start = Instant::now();
    let compiled = Rules::compile(worst).unwrap();
    assert_eq!(compiled.first_match(&message, None), None);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());

    // Each of them takes time without end in an engine that backtracks.
    let hostile: Vec<_> = ["(a+)+$b", "(a|aa)+c", "(a|a?)+d", "(.*a){12}e", "(a*)*(a*)*f"].map(regex).into();
    let start = Instant::now();
    let compiled = Rules::compile(hostile).unwrap();
    assert_eq!(compiled.first_match(&message, None), None);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// What folding is, said without haste.
fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

#[test]
fn text_is_folded_piece_by_piece_as_if_it_were_folded_whole() {
    // Ideographs and what looks like them, full width, capitals; marks, jamo, voiced kana and sigmas, which look at their neighbours.
    let characters: Vec<char> = "在吗〇々、。・〱，！？～（Ａｚ／＜ =<Aaz9Σσ'.İßﬁÅÅéẛ\u{300}\u{301}\u{323}\u{338}\u{ad}\u{302a}\u{3099}\u{309a}\u{3000}\u{f900}かガｶﾞㄱ\u{1100}\u{1161}\u{11a8}가㍿①🐟\u{fe0f}"
        .chars()
        .collect();
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..50_000 {
        let length = random.random_range(0..8);
        let text: String = (0..length).map(|_| *characters.choose(&mut random).unwrap()).collect();
        assert_eq!(fold(&text), folded(&text), "{text:?}");
    }
    for c in (char::MIN..=char::MAX).filter(|c| is_ideograph(*c)) {
        assert_eq!(folded(&c.to_string()), c.to_string());
    }
}
