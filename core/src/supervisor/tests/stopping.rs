//! How accounts and managers end.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_session_that_will_not_stop_is_cut_off_after_its_limit_and_can_act_no_more() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Deaf);
    add(&supervisor, "shop", &player).await.unwrap();
    until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
    assert!(player.last_fence_is_current());
    let started = Instant::now();
    let report = supervisor.close(60 * SECOND).await;
    assert_eq!(started.elapsed(), 5 * SECOND);
    let stages: Vec<_> = report.accounts[0].stages.iter().map(|stage| (stage.stage, stage.outcome)).collect();
    assert_eq!(stages, [(StopStage::Socket, StageOutcome::TimedOut), (StopStage::Thread, StageOutcome::Done)]);
    assert!(report.is_clean());
    assert!(!player.last_fence_is_current());
    assert_eq!(player.0.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_close_with_less_time_than_the_stages_want_shortens_them_and_leaves_nothing() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Deaf);
    add(&supervisor, "shop", &player).await.unwrap();
    until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
    let started = Instant::now();
    let report = supervisor.close(2 * SECOND).await;
    assert!(report.is_clean(), "{report:?}");
    assert!(started.elapsed() < 2 * SECOND, "{:?}", started.elapsed());
    assert_eq!(player.0.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_while_the_manager_closes() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Live(SECOND));
    add(&supervisor, "shop", &player).await.unwrap();
    until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
    let closing = supervisor.close(60 * SECOND);
    let replacing = add(&supervisor, "shop", &player);
    let (report, _) = tokio::join!(closing, replacing);
    assert!(report.is_clean());
    sleep(HOUR).await;
    assert_eq!(player.0.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn the_next_session_begins_only_when_all_that_the_last_one_held_is_over_or_given_up() {
    for (span, waits) in [(2 * SECOND, 2 * SECOND), (HOUR, 3 * SECOND)] {
        let supervisor = supervisor(Config { backoff_initial_s: 0.01, backoff_max_s: 0.01, ..Config::default() });
        let player = Player::new(Act::FailHolding(span));
        add(&supervisor, "shop", &player).await.unwrap();
        let lost = until(&supervisor, "shop", |status| status.reason.code == ReasonCode::ConnectionLost).await;
        assert_eq!((lost.state, lost.connection), (TaskState::Running, ConnectionState::Reconnecting));
        let resources = player.0.resources.lock().unwrap().clone().unwrap();
        assert!(resources.hold("more").is_err(), "a run that is over takes nothing more");
        until(&supervisor, "shop", |status| status.counters.connects == 2).await;
        let begun = player.begun();
        assert!((waits..waits + SECOND).contains(&(begun[1] - begun[0])), "{:?}", begun[1] - begun[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_hurries_what_is_being_released_and_stops_that_are_under_way() {
    let supervisor = supervisor(Config::default());
    let (deaf, late) = (Player::new(Act::Deaf), Player::new(Act::FailHolding(HOUR)));
    add(&supervisor, "deaf", &deaf).await.unwrap();
    add(&supervisor, "late", &late).await.unwrap();
    until(&supervisor, "deaf", |status| status.connection == ConnectionState::Connected).await;
    until(&supervisor, "late", |status| status.reason.code == ReasonCode::ConnectionLost).await;
    let removal = remove(&supervisor, "deaf");
    tokio::task::yield_now().await;
    let started = Instant::now();
    let report = supervisor.close(SECOND).await;
    assert!(started.elapsed() < SECOND, "{:?}", started.elapsed());
    let left: Vec<_> = report.accounts.iter().map(|account| (&*account.cookie_id, account.left.clone())).collect();
    assert_eq!(left.last().unwrap(), &("late", vec!["the work \"late work\"".to_owned()]), "{report:?}");
    removal.await.unwrap();
}
