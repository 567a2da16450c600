//! Rules that somebody wrote, rules that nobody wrote, and users that come back from their lines.

use super::*;
use crate::command::{self, AclCategory};
use proptest::prelude::*;

fn user(rules: &str) -> User {
    let mut user = User::new(b"u", false);
    let rules: Vec<&[u8]> = rules.split(' ').map(str::as_bytes).collect();
    user.apply_all(&rules, false).expect("these are rules");
    user
}

fn denied(user: &User, call: &str) -> Option<Denied> {
    let args: Vec<&[u8]> = call.split(' ').map(str::as_bytes).collect();
    user.check(command::find(&args).expect("a known command"), &args).err()
}

#[test]
fn the_greatest_denial_of_all_selectors_is_told() {
    let user = user("+publish (+get ~a) (+mset ~a) (+mset ~a ~b)");
    for (call, what) in [
        ("get a", None),
        ("del a", Some(Denied::Command)),
        ("get b", Some(Denied::Key(1))),
        ("mset a 1 b 2", None),
        ("mset a 1 b 2 c 3", Some(Denied::Key(5))),
        ("publish c m", Some(Denied::Channel(1))),
        ("auth x", None),
    ] {
        assert_eq!(denied(&user, call), what, "{call}");
    }
}

#[test]
fn taking_away_and_giving_back_is_as_before() {
    assert!(user("allkeys allchannels +@all -get +get").is_unrestricted());
    assert!(user("allkeys allchannels +@all -@hash +@hash").is_unrestricted());
    assert!(!user("allkeys allchannels +@all -client +client|id").is_unrestricted());
    assert!(!user("allkeys allchannels -@all +get").is_unrestricted());
    assert!(!user("allkeys +@all").is_unrestricted());
}

#[test]
fn the_place_of_a_deleted_user_is_taken_by_the_next() {
    let mut acl = Acl::default();
    acl.insert(User::new(b"a", false));
    acl.insert(User::new(b"b", false));
    let a = acl.remove(b"a");
    assert_eq!(acl.remove(b"a"), None);
    acl.insert(User::new(b"c", false));
    assert_eq!(acl.find(b"c"), a);
    let names: Vec<_> = acl.users().map(|user| user.name.to_vec()).collect();
    assert_eq!(names, [&b"b"[..], b"c", b"default"]);
}

/// A word of a pattern; not the star alone, which LIST could not tell from `allkeys`.
fn word() -> impl Strategy<Value = String> {
    "[a-z0-9:?\\[\\]^-]{1,6}\\*?"
}

/// The name of a command, of a subcommand, or of a category, in any case.
fn subject() -> impl Strategy<Value = String> {
    let names: Vec<String> = command::rows().map(|spec| spec.name.to_owned()).collect();
    let containers = ["client", "config", "acl", "select", "memory"].map(str::to_owned).to_vec();
    let categories = AclCategory::ALL.iter().map(|category| format!("@{}", category.name()));
    let subjects = prop_oneof![
        prop::sample::select(names),
        prop::sample::select(containers),
        prop::sample::select(categories.collect::<Vec<_>>()),
    ];
    (subjects, any::<bool>()).prop_map(
        |(name, upper)| {
            if upper { name.to_ascii_uppercase() } else { name }
        },
    )
}

/// A rule of a selector.
fn selector_rule() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => subject().prop_map(|subject| format!("+{subject}")),
        4 => subject().prop_map(|subject| format!("-{subject}")),
        1 => "\\+(select|get|Object\\|x)\\|[a-zA-Z0-9]{1,3}",
        2 => word().prop_map(|word| format!("~{word}")),
        2 => ("%(R|W|RW|wr)", word()).prop_map(|(access, word)| format!("{access}~{word}")),
        2 => word().prop_map(|word| format!("&{word}")),
        1 => prop::sample::select(vec![
            "allkeys", "~*", "resetkeys", "allchannels", "&*", "resetchannels", "allcommands",
            "+@all", "nocommands", "-@all",
        ]).prop_map(str::to_owned),
    ]
}

/// A rule of a user.
fn rule() -> impl Strategy<Value = String> {
    let flags = vec![
        "on",
        "off",
        "nopass",
        "resetpass",
        "reset",
        "clearselectors",
        "sanitize-payload",
        "skip-sanitize-payload",
    ];
    prop_oneof![
        8 => selector_rule(),
        1 => prop::sample::select(flags).prop_map(str::to_owned),
        1 => "[><][a-z]{0,2}",
        1 => prop::collection::vec(selector_rule(), 0..5)
            .prop_map(|rules| format!("({})", rules.join(" "))),
    ]
}

proptest! {
    #[test]
    fn a_line_of_list_makes_the_same_user(
        rules in prop::collection::vec(rule(), 0..20),
        all_channels in any::<bool>(),
    ) {
        let mut user = User::new(b"u", all_channels);
        for rule in &rules {
            let before = user.clone();
            if user.apply_all(&[rule.as_bytes()], all_channels).is_err() {
                user = before;
            }
        }
        let line = user.describe();
        let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        prop_assert_eq!(&words[..2], &[&b"user"[..], b"u"]);
        let mut again = User::new(b"u", false);
        prop_assert_eq!(again.apply_all(&words[2..], false), Ok(()));
        prop_assert_eq!(again, user);
    }

    #[test]
    fn any_rule_is_applied_or_refused(
        rules in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..20),
                "[ ()~%&+@|\\-><#!*\"'\\\\a-z]{0,12}".prop_map(String::into_bytes),
                rule().prop_map(String::into_bytes),
            ],
            0..8,
        ),
        call in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 1..4),
    ) {
        let mut user = User::new(b"u", false);
        let rules: Vec<&[u8]> = rules.iter().map(Vec::as_slice).collect();
        let _ = user.apply_all(&rules, false);
        user.describe();
        for name in [&b"set"[..], b"sort", b"xread", b"publish", b"mset", b"bitfield", b"migrate"] {
            let args: Vec<&[u8]> =
                std::iter::once(name).chain(call.iter().map(Vec::as_slice)).collect();
            if let Ok(command) = command::find(&args) {
                let checked = user.check(command, &args);
                prop_assert!(!user.is_unrestricted() || checked.is_ok());
            }
        }
    }
}
