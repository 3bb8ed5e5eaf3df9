use super::{Cookie, CookieError, MAX_COOKIE_BYTES, MAX_PASTE_BYTES};

fn header(cookie: &Cookie) -> String {
    cookie.to_header().expose().to_owned()
}

fn parsed(pasted: &str) -> Cookie {
    Cookie::parse(pasted).unwrap_or_else(|error| panic!("{error}: {pasted}"))
}

#[test]
fn each_of_the_three_forms_is_read() {
    for (pasted, want) in [
        ("unb=22; t=a=b==; cna=", "unb=22; t=a=b==; cna="),
        ("  Cookie: unb=22;t=1;  ", "unb=22; t=1"),
        ("cookie:unb=22;t=1", "unb=22; t=1"),
        ("unb=22; flag; =lost; t=1; unb=33", "unb=33; t=1"),
        ("tracknick=\u{5c0f}\u{9c7c}; unb=22", "tracknick=\u{5c0f}\u{9c7c}; unb=22"),
        (r#"[{"name":"unb","value":"22"},{"name":"t","value":7}]"#, "unb=22; t=7"),
        ("\n {\"cookies\":[{\"name\":\"unb\",\"value\":\"22\",\"httpOnly\":true}], \"url\":\"x\"}\r\n", "unb=22"),
        (
            r#"[{"name":"unb","value":"1","domain":".taobao.com"},{"name":"t","value":"1","domain":"www.goofish.com"},
                {"name":"unb","value":"2","domain":".Goofish.com"},{"name":"unb","value":"3","domain":"goofish.com"},
                {"name":"t","value":"9","domain":"notgoofish.com"},{"name":"t","value":"9"}]"#,
            "t=1; unb=3",
        ),
        (r#"[{"name":"unb","value":"22","domain":".taobao.com"}]"#, "unb=22"),
        (
            "# Netscape HTTP Cookie File\r\n# a remark\r\n\r\n.goofish.com\tTRUE\t/\tTRUE\t0\tunb\t22\r\n\
             #HttpOnly_.goofish.com\tTRUE\t/\tTRUE\t0\tcookie2\tx=y\r\n.taobao.com\tTRUE\t/\tFALSE\t0\tt\t9\r\n\
             www.goofish.com\tFALSE\t/\tFALSE\t0\tcna\t\r\n",
            "unb=22; cookie2=x=y; cna=",
        ),
        ("goofish.com\tTRUE\t/\tTRUE\t0\tunb\t22\n", "unb=22"),
    ] {
        assert_eq!(header(&parsed(pasted)), want, "{pasted}");
    }
}

#[test]
fn what_is_no_cookie_is_refused_with_the_field_at_fault() {
    let control = |field: &str, which, position| CookieError::ControlCharacter { field: field.to_owned(), which, position };
    let of_json = "taken for JSON, and it is no array of {name, value}";
    for (pasted, want) in [
        ("", CookieError::Empty),
        (" \r\n\t ", CookieError::Empty),
        ("t=1; cna=2", CookieError::MissingUnb),
        ("unb=; t=1", CookieError::MissingUnb),
        ("[]", CookieError::MissingUnb),
        ("unb=2 2", CookieError::InvalidUnb),
        ("unb=' OR 1=1 --", CookieError::InvalidUnb),
        ("hello", CookieError::NotACookie { form: "no `name=value` in it" }),
        ("{\"cookies\":3}", CookieError::NotACookie { form: of_json }),
        ("[{\"value\":\"1\"}]", CookieError::NotACookie { form: of_json }),
        ("[{\"name\":\"unb\"", CookieError::NotACookie { form: of_json }),
        ("unb=22; t=a\r\nX: y", control("the cookie", "CR", 11)),
        ("unb=22\n", control("the cookie", "LF", 6)),
        ("\nunb=22", control("the cookie", "LF", 0)),
        ("unb=22\0", control("the cookie", "NUL", 6)),
        ("unb=22; t=\u{1b}", control("the cookie", "a control character", 10)),
        (r#"[{"name":"unb","value":"22"},{"name":"t","value":"a\nb"}]"#, control("cookie `t`", "LF", 1)),
        (r#"[{"name":"unb","value":"22\n"}]"#, control("cookie `unb`", "LF", 2)),
        (r#"[{"name":"unb","value":"22"},{"name":"t\u0000","value":"1"}]"#, control("a cookie's name", "NUL", 1)),
        (r#"[{"name":"unb","value":"22;x=1"}]"#, CookieError::Semicolon { field: "cookie `unb`".to_owned() }),
        ("goofish.com\tTRUE\t/\tTRUE\t0\tunb\t2\0", control("cookie `unb`", "NUL", 1)),
        (
            "# Netscape HTTP Cookie File\n",
            CookieError::NotACookie { form: "taken for a cookies.txt, and no line of it has seven columns" },
        ),
    ] {
        assert_eq!(Cookie::parse(pasted), Err(want), "{pasted:?}");
    }
}

#[test]
fn a_cookie_of_any_length_is_refused_above_the_limit() {
    let long = format!("unb=22; t={}", "x".repeat(MAX_COOKIE_BYTES));
    assert_eq!(Cookie::parse(&long), Err(CookieError::TooLong { bytes: long.len() + 2, limit: MAX_COOKIE_BYTES }));
    let longer = "x".repeat(MAX_PASTE_BYTES + 1);
    assert_eq!(Cookie::parse(&longer), Err(CookieError::TooLong { bytes: longer.len(), limit: MAX_PASTE_BYTES }));
    assert_eq!(Cookie::parse(&format!("unb={}", "2".repeat(65))), Err(CookieError::InvalidUnb));
}

#[test]
fn no_error_and_no_debug_output_holds_a_value() {
    for pasted in ["t=s3cret; x=1", "unb=s3cret!; t=1", "unb=22; t=s3cret\n", r#"[{"name":"t","value":"s3cret;"}]"#, "s3cret"] {
        let error = Cookie::parse(pasted).expect_err(pasted);
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
    assert_eq!(format!("{:?}", parsed("unb=22; t=s3cret")), r#"Cookie { unb: "22", names: ["unb", "t"] }"#);
}

#[test]
fn the_signing_token_is_what_stands_before_the_underscore() {
    for (pasted, want) in [
        ("unb=22; _m_h5_tk=8b0a_1700000000000", Some("8b0a")),
        ("unb=22; _m_h5_tk=8b0a_17_x", Some("8b0a")),
        ("unb=22; _m_h5_tk=8b0a", Some("8b0a")),
        ("unb=22; _m_h5_tk=", None),
        ("unb=22; _m_h5_tk=_17", None),
        ("unb=22; _m_h5_tk_enc=x", None),
    ] {
        assert_eq!(parsed(pasted).h5_token(), want, "{pasted}");
    }
}

#[test]
fn a_set_cookie_replaces_in_place_appends_or_removes() {
    let start = "a=1; unb=22; b=2";
    for (set_cookie, changed, want) in [
        ("a=9; Path=/; HttpOnly", true, "a=9; unb=22; b=2"),
        ("a=1; Path=/", false, start),
        ("c=x=y", true, "a=1; unb=22; b=2; c=x=y"),
        ("a=; Path=/", true, "a=; unb=22; b=2"),
        ("a=9; Max-Age=0", true, "unb=22; b=2"),
        ("a=9;max-age=-1", true, "unb=22; b=2"),
        ("a=9; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true, "a=9; unb=22; b=2"),
        ("a=; Expires=Thu, 01-Jan-1970 00:00:10 GMT", true, "unb=22; b=2"),
        ("a=; expires=Thu, 01-Jan-70 00:00:10 GMT", true, "unb=22; b=2"),
        ("a=9; Expires=Fri, 31-Dec-2027 19:70:00 GMT", true, "a=9; unb=22; b=2"),
        ("c=; Max-Age=0", false, start),
        ("unb=33", false, start),
        ("unb=; Max-Age=0", false, start),
        ("a", false, start),
        ("", false, start),
        ("=9", false, start),
        ("a=9\r\nX: y", false, start),
        ("a=9\0", false, start),
    ] {
        let mut cookie = parsed(start);
        assert_eq!(cookie.merge_set_cookie(set_cookie), changed, "{set_cookie:?}");
        assert_eq!(header(&cookie), want, "{set_cookie:?}");
        assert_eq!(cookie.unb(), "22");
    }
}

#[test]
fn merging_never_grows_a_cookie_above_the_limit() {
    let mut cookie = parsed("unb=22");
    for number in 0..100 {
        cookie.merge_set_cookie(&format!("c{number}={}", "x".repeat(4096)));
    }
    let length = header(&cookie).len();
    assert!(length <= MAX_COOKIE_BYTES && length > MAX_COOKIE_BYTES - 5000, "{length}");
    assert_eq!(header(&parsed(&header(&cookie))), header(&cookie));
}

#[test]
fn a_text_is_freed_of_the_cookie_s_values() {
    let cookie = parsed("unb=2280551454090; _m_h5_tk=deadbeef_1790000000000; x=1");
    let text = "login of 2280551454090 failed: deadbeef_1790000000000 is over, code 1";
    assert_eq!(cookie.redact(text), "login of … failed: … is over, code 1");
}
