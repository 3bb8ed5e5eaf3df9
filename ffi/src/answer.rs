//! What a function of the host's answers, at once or later: the host keeps the answer's handle, fills it on any thread, and ends
//! it. The thread that called the function waits for that as long as somebody wants the answer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use livekeeper::{HostCall, HostError};

pub(crate) struct Answer<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    call: HostCall,
}

struct State<T> {
    said: Result<Option<T>, HostError>,
    /// The function has returned, or will, before the answer is complete.
    is_kept: bool,
    /// The host has ended it, or nobody waits for it any more.
    is_over: bool,
}

impl<T> Answer<T> {
    pub(crate) fn new(call: HostCall) -> Self {
        let state = State { said: Ok(None), is_kept: false, is_over: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), call }
    }

    /// Changes what is said. What comes too late changes nothing.
    pub(crate) fn say(&self, change: impl FnOnce(&mut Result<Option<T>, HostError>)) {
        let mut state = self.lock();
        if !state.is_over {
            change(&mut state.said);
        }
    }

    /// The answer comes after the function has returned.
    pub(crate) fn keep(&self) {
        self.lock().is_kept = true;
    }

    /// Nothing is said any more: what has been is the answer.
    pub(crate) fn finish(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_wanted(&self) -> bool {
        !self.call.is_over()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static> Answer<T> {
    /// What was said: at once, or, where it was kept, when the host has finished it or nobody wants it any more. `of` finds the
    /// answer in what holds it.
    pub(crate) fn wait<H: Send + Sync + 'static>(holder: &Arc<H>, of: fn(&H) -> &Self) -> Said<T> {
        let answer = of(holder);
        if answer.lock().is_kept {
            let held = Arc::clone(holder);
            answer.call.on_over(move || of(&held).finish());
        } else {
            answer.finish();
        }
        let waiting = answer.changed.wait_while(answer.lock(), |state| !state.is_over);
        let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
        let said = std::mem::replace(&mut state.said, Ok(None));
        Said { is_kept: state.is_kept, said }
    }
}

pub(crate) struct Said<T> {
    /// Whether the host ends the answer's handle.
    pub(crate) is_kept: bool,
    pub(crate) said: Result<Option<T>, HostError>,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livekeeper::HostCall;

    use super::Answer;

    fn itself(answer: &Answer<u32>) -> &Answer<u32> {
        answer
    }

    fn answer() -> Arc<Answer<u32>> {
        Arc::new(Answer::new(HostCall::default()))
    }

    #[test]
    fn what_a_function_said_until_it_returned_is_its_answer_and_what_comes_later_changes_nothing() {
        let answer = answer();
        answer.say(|said| *said = Ok(Some(1)));
        let said = Answer::wait(&answer, itself);
        answer.say(|said| *said = Ok(Some(2)));
        assert_eq!((said.is_kept, said.said), (false, Ok(Some(1))));
        assert_eq!(Answer::wait(&answer, itself).said, Ok(None));
    }

    #[test]
    fn an_answer_that_is_kept_is_waited_for_until_another_thread_has_finished_it() {
        let kept = answer();
        kept.keep();
        let other = Arc::clone(&kept);
        let thread = std::thread::spawn(move || {
            other.say(|said| *said = Ok(Some(7)));
            other.finish();
            other.say(|said| *said = Ok(Some(8)));
        });
        let said = Answer::wait(&kept, itself);
        assert_eq!((said.is_kept, said.said), (true, Ok(Some(7))));
        thread.join().unwrap();
    }
}
