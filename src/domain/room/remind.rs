//! What a room says about reminders. What it does not say comes from the configuration.

use serde::{Deserialize, Serialize};

use crate::domain::reminder::{DAYS_MAX, LEAD_MIN_MAX, LEADS_MAX};

/// What a room changes about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemindChange {
    /// As before they were switched off.
    On,
    /// None at all.
    Off,
    /// So many minutes before something is due, besides the time itself.
    DueMin(Vec<u32>),
    /// Not of what is due.
    DueOff,
    /// After so many days without a change of what somebody is at; 0: never.
    StaleDays(u32),
    /// After so many days of waiting for another item; 0: never.
    BlockedDays(u32),
}

/// What a room said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remind {
    /// None at all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// So many minutes before something is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_min: Option<Vec<u32>>,
    /// Not of what is due.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub due_off: bool,
    /// Days without a change; 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_days: Option<u32>,
    /// Days of waiting; 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_days: Option<u32>,
}

impl Remind {
    /// After a change.
    #[must_use]
    pub fn changed(mut self, change: &RemindChange) -> Self {
        match change {
            RemindChange::On => self.off = false,
            RemindChange::Off => self.off = true,
            RemindChange::DueMin(leads) => {
                (self.off, self.due_off) = (false, false);
                self.due_min = Some(leads.clone());
            }
            RemindChange::DueOff => self.due_off = true,
            RemindChange::StaleDays(days) => {
                self.off &= *days == 0;
                self.stale_days = Some(*days);
            }
            RemindChange::BlockedDays(days) => {
                self.off &= *days == 0;
                self.blocked_days = Some(*days);
            }
        }
        self
    }
}

impl Remind {
    /// What makes it like another one; what only this one says stays.
    pub(super) fn after(&self, there: &Self) -> Vec<RemindChange> {
        let mut changes = Vec::new();
        if there.due_off && !self.due_off {
            changes.push(RemindChange::DueOff);
        }
        if let Some(leads) = there.due_min.clone().filter(|_| !there.due_off && there.due_min != self.due_min) {
            changes.push(RemindChange::DueMin(leads));
        }
        changes.extend(there.stale_days.filter(|_| there.stale_days != self.stale_days).map(RemindChange::StaleDays));
        let blocked = there.blocked_days.filter(|_| there.blocked_days != self.blocked_days);
        changes.extend(blocked.map(RemindChange::BlockedDays));
        // Last: another change would switch them on again.
        if there.off && !(self.off && changes.is_empty()) {
            changes.push(RemindChange::Off);
        }
        changes
    }
}

impl RemindChange {
    /// Whether its numbers are within what there is.
    pub(super) fn fits(&self) -> bool {
        match self {
            Self::On | Self::Off | Self::DueOff => true,
            Self::DueMin(leads) => leads.len() <= LEADS_MAX && leads.iter().all(|lead| *lead <= LEAD_MIN_MAX),
            Self::StaleDays(days) | Self::BlockedDays(days) => *days <= DAYS_MAX,
        }
    }
}
