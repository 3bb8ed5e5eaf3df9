//! The one way in and out of every entry point: nothing unwinds into C, and every failure is recorded and gets its number.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Failure, lk_status, record};

/// Runs an entry point that can fail.
pub(crate) fn guard(work: impl FnOnce() -> Result<(), Failure>) -> lk_status {
    let failure = match catch(work) {
        Ok(Ok(())) => return lk_status::Ok,
        Ok(Err(failure)) | Err(failure) => failure,
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

/// What is half done when a panic comes is core's, and core keeps its state behind locks and channels that bear it.
fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Failure::Panicked { problem: message_of(panic) })
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

    use super::{guard, guard_or};
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
}
