//! What the command line is told of the nodes.

use crate::{
    control::Finding,
    nodes::{HeldBot, NodesState},
};

/// Who speaks for a bot, as a short sentence.
pub(super) fn who_speaks(held: &HeldBot) -> String {
    match &held.node {
        _ if held.here && held.alone => "this node speaks for it alone while NATS is away".to_owned(),
        _ if held.here => "this node speaks for it".to_owned(),
        Some(node) => match held.since {
            Some(since) => format!("{node} speaks for it, since {}", since.format("%Y-%m-%d %H:%M:%S UTC")),
            None => format!("{node} speaks for it"),
        },
        None => "nobody speaks for it at the moment".to_owned(),
    }
}

/// What doctor says of them.
pub(super) fn findings(state: Option<&NodesState>) -> Vec<Finding> {
    let Some(state) = state else { return Vec::new() };
    let names: Vec<_> = state
        .nodes
        .iter()
        .map(|node| if node.here { format!("{} (this one)", node.name) } else { node.name.clone() })
        .collect();
    let mut findings = vec![Finding::ok("nodes", format!("{} share the log: {}", names.len(), names.join(", ")))];
    if names.len() == 1 {
        findings = vec![Finding::warn(
            "nodes",
            format!("{} is the only node: nobody takes over when it dies", names[0]),
            "start yoman on another machine with the same [log], [nats] and bots",
        )];
    }
    let twice = state.nodes.windows(2).any(|pair| pair[0].name == pair[1].name);
    if twice {
        findings.push(Finding::warn("nodes", "two nodes have the same name", "set [nodes] name on each"));
    }
    let versions: std::collections::BTreeSet<_> = state.nodes.iter().map(|node| node.version.as_str()).collect();
    if versions.len() > 1 {
        let versions: Vec<_> = versions.into_iter().collect();
        let what = format!("the nodes run different versions: {}", versions.join(", "));
        findings.push(Finding::warn(
            "nodes",
            what,
            "update the others; what a newer one wrote an older one cannot read",
        ));
    }
    if let Some(why) = &state.away {
        findings.push(Finding::fail("nodes", format!("NATS is not reached: {why}"), "it is tried all the time"));
    }
    if state.deaf && state.away.is_none() {
        findings.push(Finding::warn(
            "nodes",
            "this node hears no other, nor itself",
            "let its NATS user subscribe to $KV.<prefix>-nodes.* and $KV.<prefix>-leases.* (config/deploy/nats.conf)",
        ));
    }
    for held in &state.bots {
        let what = format!("{}: {}", held.bot.trim_start_matches('_'), who_speaks(held));
        findings.push(match (&held.trouble, held.node.is_some()) {
            (Some(why), _) if state.away.is_none() => Finding::warn("nodes", format!("{what}; {why}"), ""),
            (_, true) => Finding::ok("nodes", what),
            (_, false) => Finding::warn("nodes", what, "another look in a few seconds; the log of each node says why"),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{control::Level, nodes::SeenNode};

    #[test]
    fn doctor_says_who_speaks_and_what_is_wrong() {
        let node = |name: &str, here, version: &str| SeenNode {
            name: name.into(),
            version: version.into(),
            since: chrono::DateTime::UNIX_EPOCH,
            here,
            silent_ms: 0,
        };
        let held = |bot: &str, node: Option<&str>, here| HeldBot {
            bot: bot.into(),
            node: node.map(str::to_owned),
            since: None,
            here,
            alone: false,
            trouble: None,
        };
        assert_eq!(findings(None), []);
        let alone = NodesState {
            nodes: vec![node("a", true, "1")],
            bots: vec![held("b", None, false)],
            away: None,
            deaf: false,
        };
        let found = findings(Some(&alone));
        assert!(found.iter().all(|finding| finding.level == Level::Warn), "{found:?}");
        let nodes = vec![node("a", true, "1"), node("b", false, "1")];
        let bots = vec![held("telegram", Some("a"), true), held("_workflow", Some("b"), false)];
        let found = findings(Some(&NodesState { nodes, bots, away: None, deaf: false }));
        assert!(found.iter().all(|finding| finding.level == Level::Ok), "{found:?}");
        assert_eq!(found[1].what, "telegram: this node speaks for it");
        assert_eq!(found[2].what, "workflow: b speaks for it");
    }
}
