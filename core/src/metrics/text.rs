//! The figures in the `OpenMetrics` form, written by `prometheus-client`.
//! Source: the `OpenMetrics` specification 1.0.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;
use crate::status::{AccountStatus, Counters};

/// Writes the figures, and those of `accounts` each.
pub(super) fn render(metrics: Metrics, accounts: Vec<AccountStatus>) -> String {
    let mut registry = Registry::with_prefix("livekeeper");
    registry.register_collector(Box::new(Figures { metrics, accounts }));
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct Figures {
    metrics: Metrics,
    accounts: Vec<AccountStatus>,
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let metrics = &self.metrics;
        let mut family = Family { encoder: &mut encoder };
        family.gauges("uptime", "Since the manager was opened", Some(&Unit::Seconds), [([], metrics.uptime_s)])?;
        for (name, help, counts) in [
            ("accounts", "Accounts by the state of their task", &metrics.states),
            ("connections", "Accounts by the state of their connection", &metrics.connections),
            ("health", "Accounts by their health", &metrics.health),
        ] {
            family.gauges(name, help, None, counts.iter().map(|(state, count)| ([("state", *state)], *count as f64)))?;
        }
        for (name, help, count) in metrics.counters.table() {
            family.counters(name, help, [([], count)])?;
        }
        let items = &metrics.capacity.items;
        let used = items.iter().map(|item| ([("kind", item.kind.name())], item.used as f64));
        family.gauges("capacity_used", "What is used of everything that has a bound", None, used)?;
        let bounds = items.iter().filter_map(|item| Some(([("kind", item.kind.name())], item.bound? as f64)));
        family.gauges("capacity_bound", "The bound of everything that has one", None, bounds)?;
        self.encode_accounts(&mut family)
    }
}

impl Figures {
    fn encode_accounts(&self, family: &mut Family<'_, '_>) -> Result<(), fmt::Error> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let states = self.accounts.iter().map(|account| {
            let labels = [
                ("cookie_id", &*account.cookie_id),
                ("state", account.state.name()),
                ("connection", account.connection.name()),
                ("health", account.health.name()),
                ("reason", account.reason.code.name()),
            ];
            (labels, 1.0)
        });
        family.gauges("account", "How an account stands", None, states)?;
        for (place, (name, help, _)) in Counters::default().table().into_iter().enumerate() {
            let counts =
                self.accounts.iter().map(|account| ([("cookie_id", &*account.cookie_id)], account.counters.table()[place].2));
            family.counters(&format!("account_{name}"), help, counts)?;
        }
        Ok(())
    }
}

/// Writes one family of series after the other.
struct Family<'a, 'b> {
    encoder: &'a mut DescriptorEncoder<'b>,
}

impl Family<'_, '_> {
    fn gauges<'v, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = ([(&'v str, &'v str); N], f64)>,
    ) -> Result<(), fmt::Error> {
        let mut metric = self.encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in values {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counters<'v, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = ([(&'v str, &'v str); N], u64)>,
    ) -> Result<(), fmt::Error> {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            metric.encode_family(&labels)?.encode_counter::<[(&str, &str); 0], _, u64>(&value, None)?;
        }
        Ok(())
    }
}
