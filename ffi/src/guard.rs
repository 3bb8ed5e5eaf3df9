//! The one way in and out of every entry point: nothing unwinds into C, and every failure is recorded and gets its number.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::error::{Failure, lk_status, record};

/// Rounds of a thread that panic one after the other before it is given up.
const MOST_PANICS: usize = 10;

/// Runs an entry point that can fail.
pub(crate) fn guard(work: impl FnOnce() -> Result<(), Failure>) -> lk_status {
    let failure = match catch(work) {
        Ok(Ok(())) => return lk_status::Ok,
        Ok(Err(failure)) => failure,
        Err(problem) => Failure::Panicked { problem },
    };
    // Wording the failure is code too.
    catch(|| record(&failure)).unwrap_or(lk_status::Panicked)
}

/// Runs an entry point that cannot fail and has no way to tell of a panic; `otherwise` is its answer to one.
pub(crate) fn guard_or<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    let mut answer = otherwise;
    guard(|| {
        answer = work();
        Ok(())
    });
    answer
}

/// Runs what a thread of the library's does again and again, until it says that it is over. A panic costs one round, and the next goes
/// on; where none does any more, the thread ends.
pub(crate) fn guard_rounds(mut round: impl FnMut() -> ControlFlow<()>) {
    let mut panics_in_a_row = 0;
    while panics_in_a_row < MOST_PANICS {
        match catch(&mut round) {
            Ok(ControlFlow::Continue(())) => panics_in_a_row = 0,
            Ok(ControlFlow::Break(())) => return,
            Err(_) => panics_in_a_row += 1,
        }
    }
    let thread = std::thread::current();
    // Without the panic's own message, which may quote what it stumbled over.
    let say = || tracing::error!(target: "livekeeper", thread = thread.name(), "a thread is given up: it panicked {MOST_PANICS} times in a row");
    let _ = catch(say);
}

/// The answer, or the message of a panic. What is half done then is core's, and core keeps its state behind locks and channels that
/// bear it.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(message_of)
}

/// The same for what is awaited.
pub(crate) async fn catch_awaited<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    poll_fn(|context| match catch(|| work.as_mut().poll(context)) {
        Ok(polled) => polled.map(Ok),
        Err(problem) => Poll::Ready(Err(problem)),
    })
    .await
}

fn message_of(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => {
            let message = panic.downcast_ref::<&str>().copied().unwrap_or("no message").to_owned();
            // A payload of another kind may panic when it is dropped.
            std::mem::forget(panic);
            message
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ops::ControlFlow;

    use super::{MOST_PANICS, guard, guard_or, guard_rounds};
    use crate::error::{lk_last_error_code, lk_last_error_message, lk_status};

    #[test]
    fn a_panic_ends_at_the_boundary_as_a_result_with_its_message() {
        let status = guard(|| panic!("the {} fell over", "parser"));
        assert_eq!(status, lk_status::Panicked);
        assert_eq!(lk_last_error_code(), lk_status::Panicked);
        // SAFETY: never null, and valid until the next failure of this thread.
        let message = unsafe { CStr::from_ptr(lk_last_error_message()) };
        assert!(message.to_str().unwrap().contains("the parser fell over"), "{message:?}");
    }

    #[test]
    fn a_function_without_a_result_answers_a_panic_with_its_own_no() {
        assert_eq!(guard_or(7, || panic!("a test's own")), 7);
        assert_eq!(guard_or(7, || 8), 8);
    }

    #[test]
    fn a_round_that_panics_is_lost_and_the_next_ones_go_on_unless_none_does() {
        let mut rounds = 0;
        guard_rounds(|| {
            rounds += 1;
            assert_eq!(rounds % 3, 0, "a test's own");
            if rounds < 300 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert_eq!(rounds, 300);
        guard_rounds(|| {
            rounds += 1;
            panic!("a test's own")
        });
        assert_eq!(rounds, 300 + MOST_PANICS);
    }
}
