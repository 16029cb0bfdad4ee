//! Any command there may be, and any of what it is made of: what the properties are tried on.

use chrono::{DateTime, NaiveDate};
use chrono_tz::TZ_VARIANTS;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::domain::{
    Due, Handle, Kind, Priority, Project, Role, Tag,
    filter::StateWord,
    hours::{Digest, Hour, Quiet},
    item::{Carry, LinkTarget, Relation, TITLE_CHARS_MAX},
    pr::Verdict,
    report::ReportName,
    room::{Command as RoomCommand, Emoji, ReactionVerb, RemindChange, Setting},
    undo::{Back, Of, Part},
};

pub(super) fn zone() -> impl Strategy<Value = Tz> {
    select(&TZ_VARIANTS[..])
}

/// Words that may stand in any text, most of them with a meaning somewhere.
fn word() -> impl Strategy<Value = String> {
    const TRICKY: [&str; 69] = [
        "#auth",
        "\\#auth",
        "\\\\#x",
        "@dana",
        "@me",
        "!high",
        "!hihg",
        "in:app",
        "due:fri",
        "due:someday",
        "due:\"in",
        "2",
        "weeks\"",
        "needs:T3",
        "for:T7",
        "T7",
        "T7:",
        "t7@5",
        "/todo",
        "\\/done",
        "/usr/bin",
        "/T7",
        "-",
        "[",
        "]",
        "- [ ]",
        "[]",
        "`",
        "`#x",
        "a`b",
        "``",
        "\"",
        "\"open\"",
        "“",
        "”",
        "\\",
        "\\\\",
        "anyway",
        "anyway:",
        "approve",
        "comment:",
        "to",
        "todo",
        "open",
        "none",
        "at",
        "yesterday",
        "page:2",
        "all",
        "*",
        ":",
        "#",
        "@",
        "!",
        "in:",
        "c#",
        "할",
        "일",
        "마감:내일",
        "마감:다음",
        "\\마감:다음",
        "주",
        "월요일",
        "3시",
        "기준",
        "완료",
        "중",
        "👩‍👩‍👧",
        "done",
    ];
    prop_oneof![4 => select(&TRICKY[..]).prop_map(str::to_owned), 2 => "\\PC{1,8}", 1 => "[a-z]{1,9}", 1 => "[가-힣]{1,5}"]
        .prop_map(|word| word.split_whitespace().collect::<String>())
        .prop_filter("no word", |word| !word.is_empty())
}

fn title() -> impl Strategy<Value = String> {
    vec(word(), 1..8)
        .prop_map(|words| words.join(" "))
        .prop_filter("too long", |title| title.chars().count() <= TITLE_CHARS_MAX)
}

/// Several lines without blank ones in front or at the end.
pub(super) fn text() -> impl Strategy<Value = String> {
    let line = (select(&["", " ", "\t", "- [ ] ", "\\- [ ] ", "/", "\\"][..]), vec(word(), 0..5))
        .prop_map(|(begin, words)| format!("{begin}{}", words.join(" ")));
    vec(line, 1..6).prop_map(|lines| lines.join("\n").trim().to_owned())
}

fn some_text() -> impl Strategy<Value = String> {
    text().prop_filter("empty", |text| !text.is_empty())
}

fn name() -> impl Strategy<Value = String> {
    let any = prop_oneof![3 => "[a-z0-9][a-z0-9._-]{0,6}", 1 => "[가-힣éßǰΣ]{1,5}", 1 => select(&["none", "-", "v1.", ".", "me", "t7", "all", "high"][..]).prop_map(str::to_owned)];
    any.prop_map(|name| name.to_lowercase())
}

fn tag() -> impl Strategy<Value = Tag> {
    name().prop_map(|name| token::tag(&name).unwrap())
}

fn handle() -> impl Strategy<Value = Handle> {
    name().prop_map(|name| token::handle(&name).unwrap())
}

fn project() -> impl Strategy<Value = Project> {
    name().prop_map(|name| token::project(&name).unwrap())
}

fn item() -> impl Strategy<Value = ItemRef> {
    (select(&Bucket::ALL[..]), 1..=u32::MAX).prop_map(|(bucket, number)| ItemRef { bucket, number })
}

fn a_target() -> impl Strategy<Value = Option<Target>> {
    option::of((item(), option::of(any::<u64>())).prop_map(|(item, version)| Target { item, version }))
}

/// Whole minutes. Many of them near the hours when clocks are changed.
pub(super) fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // 1 November 2026 and 14 March 2027 in New York, 4 April 2027 in Lord Howe.
    let near = prop_oneof![Just(1_793_512_800_i64), Just(1_805_007_600), Just(1_806_764_400)];
    let minutes = prop_oneof![
        (near, -300..300_i64).prop_map(|(at, minutes)| at / 60 + minutes),
        30_000_000..90_000_000_i64,
        5_000_000..29_000_000_i64
    ];
    minutes.prop_map(|minutes| DateTime::from_timestamp(minutes * 60, 0).unwrap())
}

fn due() -> impl Strategy<Value = Due> {
    let day =
        (1970..2999_i32, 1..=366_u32).prop_filter_map("no such day", |(year, day)| NaiveDate::from_yo_opt(year, day));
    prop_oneof![day.prop_map(Due::Day), instant().prop_map(Due::At)]
}

fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    values.into_iter().fold(Vec::new(), |mut kept, value| {
        token::add(&mut kept, value).unwrap();
        kept
    })
}

pub(super) fn carry() -> impl Strategy<Value = Carry<Handle>> {
    let one = (option::of(select(Priority::ALL)), option::of(project()), option::of(due()));
    (vec(tag(), 0..3), vec(handle(), 0..3), one, vec(item(), 0..3), vec(item(), 0..3)).prop_map(
        |(tags, people, (priority, project, due), needs, serves)| Carry {
            tags: distinct(tags),
            people: distinct(people),
            priority,
            project,
            due,
            needs: distinct(needs),
            serves: distinct(serves),
        },
    )
}

fn a_draft() -> impl Strategy<Value = Draft<Handle>> {
    (title(), text(), vec(title(), 0..3), carry()).prop_map(|(title, body, criteria, carry)| Draft {
        title,
        body,
        criteria,
        carry,
        from: None,
        attachments: vec![],
    })
}

fn some<T: PartialEq + std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    vec(of, 1..4).prop_map(distinct)
}

fn link() -> impl Strategy<Value = LinkTarget> {
    let url = (select(&["https://", "http://", "HTTPS://"][..]), "[a-z0-9][a-z0-9./?#&=%:,!@_-]{0,20}")
        .prop_map(|(scheme, rest)| LinkTarget::Url(format!("{scheme}{rest}")));
    prop_oneof![item().prop_map(LinkTarget::Item), url]
}

fn act() -> impl Strategy<Value = Act<Handle>> {
    let words = prop_oneof![
        some_text().prop_map(|text| Act::Refine { text }),
        text().prop_map(|reason| Act::Reject { reason }),
        some_text().prop_map(|text| Act::Finding { text }),
        (any::<bool>(), text()).prop_map(|(anyway, text)| Act::Done { anyway, text }),
        text().prop_map(|reason| Act::Reopen { reason }),
        some_text().prop_map(|text| Act::Criterion { text }),
        (select(&[Verdict::Approve, Verdict::Changes, Verdict::Comment][..]), text())
            .prop_map(|(verdict, text)| Act::Review { verdict, text }),
        text().prop_map(|reason| Act::Close { reason }),
        some_text().prop_map(|text| Act::Note { text }),
        title().prop_map(|title| Act::Title { title }),
    ];
    let values = prop_oneof![
        (option::of(select(&[Bucket::Research, Bucket::Todo, Bucket::Pr][..])), carry())
            .prop_map(|(to, carry)| Act::Promote { to, carry }),
        some(handle()).prop_map(|people| Act::Assign { people }),
        some(handle()).prop_map(|people| Act::Unassign { people }),
        Just(Act::Doing),
        Just(Act::Merge),
        some(item()).prop_map(|items| Act::Need { items }),
        some(item()).prop_map(|items| Act::Unneed { items }),
        some(tag()).prop_map(|tags| Act::Tag { tags }),
        some(tag()).prop_map(|tags| Act::Untag { tags }),
        select(Priority::ALL).prop_map(|priority| Act::Prio { priority }),
        option::of(due()).prop_map(|due| Act::Due { due }),
        option::of(project()).prop_map(|project| Act::Project { project }),
        (any::<bool>(), link()).prop_map(|(serves, to)| Act::Link {
            relation: if serves { Relation::For } else { Relation::Related },
            to
        }),
    ];
    prop_oneof![words, values]
}

pub(super) fn a_filter() -> impl Strategy<Value = Filter<Handle>> {
    const STATES: [StateWord; 11] = [
        StateWord::Withdrawn,
        StateWord::Open,
        StateWord::Running,
        StateWord::Doing,
        StateWord::Blocked,
        StateWord::Reviewed,
        StateWord::Done,
        StateWord::Promoted,
        StateWord::Rejected,
        StateWord::Merged,
        StateWord::Closed,
    ];
    let names = (vec(tag(), 0..3), vec(handle(), 0..3), vec(project(), 0..3));
    let rest = (vec(select(Priority::ALL), 0..3), vec(item(), 0..2), option::of(due()), vec(vec(word(), 1..3), 0..3));
    (vec(select(&Bucket::ALL[..]), 0..3), vec(select(&STATES[..]), 0..3), names, rest).prop_map(
        |(buckets, states, (tags, people, projects), (priorities, items, due, words))| {
            let words = words.into_iter().map(|words| words.join(" ")).collect();
            filter::in_order(Filter {
                buckets,
                states,
                tags,
                people,
                projects,
                priorities,
                items,
                due,
                words,
                on: vec![],
            })
        },
    )
}

fn some_moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        instant().prop_map(Moment::At),
        due().prop_map(|due| match due {
            Due::Day(day) => Moment::At(day.and_time(chrono::NaiveTime::MIN).and_utc()),
            Due::At(at) => Moment::At(at),
        }),
        (1..=999_999_999_999_999_999_u64).prop_map(Moment::Position),
    ]
}

fn a_moment() -> impl Strategy<Value = Option<Moment>> {
    option::of(some_moment())
}

fn a_look() -> impl Strategy<Value = Look> {
    prop_oneof![
        (a_target(), a_moment()).prop_map(|(target, at)| Look::Show { target, at }),
        (a_filter(), 1..9_u32, a_moment()).prop_map(|(filter, page, at)| Look::List { filter, page, at }),
        (a_filter(), a_moment()).prop_map(|(filter, at)| Look::Board { filter, at }),
        (a_filter(), a_moment()).prop_map(|(filter, at)| Look::Mine { filter, at }),
        (a_filter(), a_moment()).prop_map(|(filter, at)| Look::Next { filter, at }),
        (a_filter(), word(), 1..=u32::MAX, a_moment()).prop_map(|(mut filter, word, page, at)| {
            filter.words.push(word);
            Look::Find { filter: filter::in_order(filter), page, at }
        }),
        (a_target(), 1..9_u32, a_moment()).prop_map(|(target, page, at)| Look::History { target, page, at }),
        (a_target(), a_moment(), any::<bool>()).prop_map(|(target, at, picture)| Look::Why { target, at, picture }),
        (some_moment(), a_moment(), a_filter()).prop_map(|(from, to, filter)| Look::Diff { from, to, filter }),
        (a_filter(), a_moment(), a_moment(), any::<bool>()).prop_map(|(filter, from, to, picture)| Look::Stats {
            filter,
            from,
            to,
            picture
        }),
        (report_name(), vec(word(), 0..3), option::of(instant())).prop_map(|(name, words, at)| {
            let at = at.filter(|at| *at <= context().now);
            Look::Report { name, words, at }
        }),
        select(
            &[
                Look::Reports,
                Look::People,
                Look::Rooms,
                Look::Follows,
                Look::Reactions,
                Look::Reminders,
                Look::Hours,
                Look::Prefers,
                Look::Language,
                Look::Pending
            ][..]
        ),
        any::<bool>().prop_map(|all| Look::Status { all }),
        option::of("[a-z]{1,9}").prop_map(|verb| Look::Help { verb }),
        option::of("[A-Za-z0-9_-]{1,20}").prop_map(|payload| Look::Start { payload }),
    ]
}

fn hour() -> impl Strategy<Value = Hour> {
    (0..24_u16, 0..60_u16).prop_map(|(hour, minute)| Hour::new(hour, minute).unwrap())
}

fn about_room() -> impl Strategy<Value = RoomCommand<Handle>> {
    prop_oneof![
        Just(RoomCommand::Enable { title: String::new() }),
        Just(RoomCommand::Disable),
        (a_filter(), vec(select(&Kind::ALL[..]), 0..3))
            .prop_map(|(filter, on)| RoomCommand::Follow { filter: filter::in_order(Filter { on, ..filter }) }),
        option::of(a_filter()).prop_map(|filter| RoomCommand::Unfollow { filter }),
        option::of(instant().prop_filter("over", |at| *at > context().now))
            .prop_map(|until| RoomCommand::Mute { until }),
        select(&["en", "ko", ""][..]).prop_map(|code| RoomCommand::Set(Setting::Language(code.to_owned()))),
        a_filter().prop_map(|filter| RoomCommand::PinBoard { filter }),
        Just(RoomCommand::UnpinBoard),
        zone().prop_map(|zone| RoomCommand::Set(Setting::TimeZone(zone))),
        select(&Bucket::ALL[..]).prop_map(|bucket| RoomCommand::Set(Setting::DefaultBucket(bucket))),
        option::of((option::of(0..7_u8), hour())).prop_map(|digest| {
            let digest = digest.map(|(day, at)| Digest { day: day.and_then(|day| day.try_into().ok()), at });
            RoomCommand::Set(Setting::Digest(digest))
        }),
        any::<bool>().prop_map(|passes| RoomCommand::Set(Setting::Urgent(passes))),
        (hour(), hour(), any::<bool>())
            .prop_map(|(from, to, urgent)| RoomCommand::Quiet { hours: Quiet { from, to }, urgent }),
        select(&[RoomCommand::Set(Setting::Quiet(None)), RoomCommand::DigestNow][..]),
        (select(&["✅", "👍🏽", ":eyes:", ":own-1:"][..]), option::of(select(&ReactionVerb::ALL[..])))
            .prop_filter_map("an emoji", |(emoji, verb)| Some(RoomCommand::React { emoji: Emoji::read(emoji)?, verb })),
        Just(RoomCommand::ReactOff),
        remind_change().prop_map(|change| RoomCommand::Set(Setting::Remind(change))),
    ]
}

fn remind_change() -> impl Strategy<Value = RemindChange> {
    prop_oneof![
        select(&[RemindChange::On, RemindChange::Off, RemindChange::DueOff][..]),
        proptest::collection::btree_set(1..=366 * 1440_u32, 0..5)
            .prop_map(|leads| RemindChange::DueMin(leads.into_iter().rev().collect())),
        (0..=3650_u32).prop_map(RemindChange::StaleDays),
        (0..=3650_u32).prop_map(RemindChange::BlockedDays),
    ]
}

fn about_reminders() -> impl Strategy<Value = RemindCommand> {
    let soon = || instant().prop_filter("over", |at| *at > context().now);
    prop_oneof![
        (a_target(), soon(), text()).prop_map(|(target, at, words)| RemindCommand::Ask { target, at, words }),
        a_target().prop_filter_map("none", |target| Some(RemindCommand::Drop { target: target? })),
    ]
}

fn about_person() -> impl Strategy<Value = PersonCommand> {
    let role = || select(Role::ALL);
    prop_oneof![
        "[A-Z0-9-]{1,12}".prop_map(|code| PersonCommand::Claim { code }),
        ("[A-Z0-9-]{1,12}", option::of(role()), option::of(handle()))
            .prop_map(|(code, role, known_as)| PersonCommand::Pair { code, role, known_as }),
        (handle(), role()).prop_map(|(person, role)| PersonCommand::Grant { person, role }),
        handle().prop_map(|person| PersonCommand::Revoke { person }),
        handle().prop_map(|person| PersonCommand::Forget { person }),
        Just(PersonCommand::LinkOffer),
        // Not an item: T and seven digits are one.
        "[ABCD][A-Z0-9]{7}".prop_map(|code| PersonCommand::LinkTake { code }),
        "[a-z][a-z0-9/-]{0,20}".prop_map(|account| PersonCommand::Unlink { account }),
        option::of("[a-z][a-z0-9-]{3,20}").prop_map(|bot| PersonCommand::Prefer { bot }),
    ]
}

fn a_rebuild() -> impl Strategy<Value = Rebuild> {
    prop_oneof![
        a_filter().prop_map(|filter| Rebuild::Here { filter }),
        "[a-z]{1,8}/-?[0-9]{1,9}|[A-Z][a-z]{1,8} [a-z]{1,8}".prop_map(|room| Rebuild::From { room }),
        "[A-Z0-9-]{1,12}".prop_map(|code| Rebuild::Yes { code }),
    ]
}

fn report_name() -> impl Strategy<Value = ReportName> {
    "[a-z][a-z0-9-]{1,20}".prop_filter_map("reserved", |name| ReportName::new(&name).ok())
}

fn about_report() -> impl Strategy<Value = ReportCommand> {
    prop_oneof![
        (report_name(), text()).prop_map(|(name, script)| ReportCommand::Save { name, script: script.into() }),
        report_name().prop_map(|name| ReportCommand::Remove { name }),
    ]
}

fn a_part() -> impl Strategy<Value = Part<Handle>> {
    let words = select(vec![
        Part::State,
        Part::Title,
        Part::Body,
        Part::Tags,
        Part::Prio,
        Part::Due,
        Part::People,
        Part::Project,
        Part::Links,
        Part::Needs,
        Part::Criteria,
        Part::Notes,
        Part::Findings,
        Part::Refinements,
        Part::Files,
    ]);
    let one = prop_oneof![
        tag().prop_map(Part::Tag),
        handle().prop_map(Part::Person),
        item().prop_map(Part::Need),
        item().prop_map(Part::Link)
    ];
    prop_oneof![words, one]
}

/// What is taken back: acts on items, each with parts; or one act of another kind.
fn undo() -> impl Strategy<Value = Vec<Back<Handle>>> {
    let version = || option::of(any::<u64>());
    let parts = || vec(a_part(), 0..3).prop_map(distinct);
    let on_item =
        (item(), version(), parts()).prop_map(|(item, version, parts)| Back { of: Of::Item { item, version }, parts });
    let whole = |of| vec![Back { of, parts: vec![] }];
    let newest =
        parts().prop_filter("a person in front is an act", |parts| !matches!(parts.first(), Some(Part::Person(_))));
    prop_oneof![
        4 => vec(on_item, 1..4).prop_map(|acts| {
            acts.into_iter().fold(Vec::new(), |mut kept: Vec<Back<Handle>>, act| {
                if !kept.iter().any(|it| it.of == act.of) {
                    kept.push(act);
                }
                kept
            })
        }),
        1 => newest.prop_map(|parts| vec![Back { of: Of::LastHere, parts }]),
        1 => version().prop_map(move |version| whole(Of::Room { version })),
        1 => (handle(), version()).prop_map(move |(person, version)| whole(Of::Person { person, version })),
    ]
}

pub(super) fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (select(&Bucket::ALL[..]), a_draft()).prop_map(|(bucket, draft)| Command::Create { bucket, draft }),
        4 => (a_target(), act()).prop_map(|(target, act)| Command::Item { target, act }),
        2 => a_look().prop_map(Command::Look),
        1 => about_room().prop_map(Command::Room),
        1 => a_rebuild().prop_map(Command::Rebuild),
        1 => about_person().prop_map(Command::Person),
        1 => about_report().prop_map(Command::Report),
        1 => about_reminders().prop_map(Command::Remind),
        1 => undo().prop_map(|acts| Command::Undo { acts }),
    ]
}
