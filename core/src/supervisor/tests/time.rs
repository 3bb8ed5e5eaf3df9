//! What time does: outages, queues, clocks that are set, a machine that sleeps.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_day_parks_nobody_and_the_rests_stay_under_a_minute() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Fail(ReasonCode::ConnectionLost, Duration::ZERO));
    add(&supervisor, "shop", &player).await.unwrap();
    sleep(24 * HOUR).await;
    let begun = player.begun();
    assert!(begun.windows(2).all(|pair| pair[1] - pair[0] <= 61 * SECOND));
    assert!((1_440..20_000).contains(&begun.len()), "{}", begun.len());
    *player.0.act.lock().unwrap() = Act::Live(Duration::ZERO);
    until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
}

#[tokio::test(start_paused = true)]
async fn five_thousand_connections_that_drop_at_one_instant_come_back_within_the_connect_rate() {
    let supervisor = supervisor(Config::default());
    let players: Vec<_> = (0..5_000).map(|_| Player::new(Act::Fail(ReasonCode::ConnectionLost, HOUR))).collect();
    for (place, player) in players.iter().enumerate() {
        add(&supervisor, &place.to_string(), player).await.unwrap();
    }
    sleep(2 * HOUR).await;
    assert!(players.iter().all(|player| player.begun().len() >= 2), "all are back");
    let mut begun: Vec<_> = players.iter().flat_map(Player::begun).collect();
    begun.sort();
    assert!(begun.windows(6).all(|six| six[5] - six[0] >= SECOND - Duration::from_millis(1)));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_a_year_on_or_back_moves_dates_and_no_timer() {
    const YEAR_MS: i64 = 31_536_000_000;
    let clock = Arc::new(PausedClock::new());
    let config = Config { backoff_initial_s: 60.0, ..Config::default() };
    let supervisor = supervisor_with(config, Arc::clone(&clock));
    let player = Player::new(Act::Fail(ReasonCode::ConnectionLost, SECOND));
    add(&supervisor, "shop", &player).await.unwrap();
    for jump_ms in [YEAR_MS, -2 * YEAR_MS, YEAR_MS] {
        let resting = until(&supervisor, "shop", |status| status.reason.next_try_ms.is_some()).await;
        clock.jump(jump_ms);
        let dated_anew = supervisor.cell("shop").unwrap().status();
        assert_eq!(dated_anew.since_ms, resting.since_ms + jump_ms);
        assert_eq!(dated_anew.reason.next_try_ms.unwrap(), resting.reason.next_try_ms.unwrap() + jump_ms);
        let (before, now) = (player.begun().len(), Instant::now());
        until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
        assert!(now.elapsed() <= 61 * SECOND, "the next try came when it was due");
        assert_eq!(player.begun().len(), before + 1);
        until(&supervisor, "shop", |status| status.connection != ConnectionState::Connected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_night_s_sleep_of_the_machine_each_account_reconnects_once_and_not_all_at_one_instant() {
    let supervisor = supervisor(Config { backoff_initial_s: 60.0, connect_rate_per_s: 10_000.0, ..Config::default() });
    // What finds its connection dead when the machine wakes.
    let players: Vec<_> = (0..100).map(|_| Player::new(Act::Fail(ReasonCode::HeartbeatLost, HOUR))).collect();
    for (place, player) in players.iter().enumerate() {
        add(&supervisor, &place.to_string(), player).await.unwrap();
    }
    sleep(60 * SECOND).await;
    tokio::time::advance(8 * HOUR).await;
    let woken = Instant::now();
    sleep(62 * SECOND).await;
    let tries: Vec<_> = players.iter().map(|player| player.begun().iter().filter(|at| **at >= woken).count()).collect();
    assert!(tries.iter().all(|count| *count == 1), "{tries:?}");
    let mut begun: Vec<_> = players.iter().map(|player| player.begun()[1]).collect();
    begun.sort();
    assert!(begun.windows(20).all(|some| some[19] - some[0] > SECOND), "spread over the backoff");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_waits_for_its_turn_says_for_what_and_a_higher_priority_goes_first() {
    let supervisor = supervisor(Config { connect_rate_per_s: 0.5, ..Config::default() });
    let players: Vec<_> = (0..5).map(|_| Player::new(Act::Live(Duration::ZERO))).collect();
    for (place, player) in players.iter().enumerate() {
        add(&supervisor, &place.to_string(), player).await.unwrap();
    }
    let waiting = supervisor.cell("4").unwrap().status();
    assert_eq!((waiting.state, waiting.reason.code), (TaskState::Registered, ReasonCode::WaitingForTurn));
    assert!(waiting.reason.detail.contains("connect_rate_per_s"), "{}", waiting.reason);
    supervisor
        .on_account("4", |slot| {
            Box::pin(async {
                slot.set_priority(10);
                Ok(())
            })
        })
        .await
        .unwrap();
    until(&supervisor, "4", |status| status.connection == ConnectionState::Connected).await;
    assert_eq!(players[3].begun().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn time_alone_makes_an_account_unwell_and_a_connection_makes_it_well_again() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Refused(ReasonCode::ConnectFailed));
    add(&supervisor, "shop", &player).await.unwrap();
    let health = |health: Health| move |status: &AccountStatus| status.health == health;
    let is_offline = |status: &AccountStatus| status.health_reasons.iter().any(|reason| reason.code == HealthCode::NotConnected);
    let started = Instant::now();
    let degraded = until(&supervisor, "shop", is_offline).await;
    assert_eq!(degraded.health, Health::Degraded);
    assert!((30 * SECOND..=61 * SECOND).contains(&started.elapsed()), "{:?}", started.elapsed());
    until(&supervisor, "shop", health(Health::Down)).await;
    assert!((300 * SECOND..=331 * SECOND).contains(&started.elapsed()), "{:?}", started.elapsed());
    *player.0.act.lock().unwrap() = Act::Live(Duration::ZERO);
    let well =
        until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected && status.health != Health::Down).await;
    assert_eq!(well.connection, ConnectionState::Connected);
    // It failed several times in the window: that stays to be seen until the window has passed.
    until(&supervisor, "shop", health(Health::Ok)).await;
    assert!(started.elapsed() <= 1_100 * SECOND, "{:?}", started.elapsed());
}
