//! One executor a thread, on glommio: start, tasks, time.

use crate::RuntimeError;
use crate::environment::check_environment;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement, PoolPlacement};
use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// glommio's own time slice, set never to end: see [`crate::turn`].
const PREEMPT_TIMER: Duration = Duration::from_secs(86_400);
/// An executor wakes at least this often. Should glommio ever sleep on tasks that can run, they wait
/// no longer; at one wake a second an idle executor uses no CPU that can be measured.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Entries of each ring: the operations that one turn may begin, and, for glommio, the number of
/// finished ones that interrupts the tasks. 1,024 connections may become readable in one turn before
/// that happens; each ring takes 100 KiB of the kernel's memory, none of it the process's own.
const RING_DEPTH: usize = 1024;
/// Registered buffers, which nothing here uses: glommio raises it to its least, 64 KiB.
const IO_MEMORY_BYTES: usize = 0;

/// A running executor.
pub struct ExecutorHandle<T> {
    name: String,
    thread: thread::JoinHandle<Option<T>>,
}

impl<T> ExecutorHandle<T> {
    /// Waits for the executor's first task to end.
    ///
    /// # Errors
    /// A task panicked (only where the process is built to unwind).
    pub fn join(self) -> Result<T, RuntimeError> {
        match self.thread.join() {
            Ok(Some(output)) => Ok(output),
            _ => Err(RuntimeError::Panicked { name: self.name }),
        }
    }

    /// Whether the executor's first task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Starts a thread named `name` (the kernel shows its first 15 bytes), pinned to `cpu` if one is
/// given, and on it an executor that runs the future that `body` makes there. The executor ends when
/// that future does; tasks that still wait are not run again.
///
/// # Errors
/// The thread, its pinning or its rings are refused; nothing runs then.
pub fn spawn<G, F, T>(
    name: &str,
    cpu: Option<usize>,
    body: G,
) -> Result<ExecutorHandle<T>, RuntimeError>
where
    G: FnOnce() -> F + Send + 'static,
    F: Future<Output = T> + 'static,
    T: Send + 'static,
{
    check_environment(1)?;
    let (started, outcome) = mpsc::channel();
    let thread_name = name.to_owned();
    let run = move || match prepare(&thread_name, cpu) {
        Ok(executor) => {
            // The spawner waits for exactly one outcome, so it is there to take it.
            let _ = started.send(Ok(()));
            Some(executor.run(async move {
                spawn_local(heartbeat());
                body().await
            }))
        }
        Err(error) => {
            let _ = started.send(Err(error));
            None
        }
    };
    let thread = thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|error| start_error(name, &error))?;
    match outcome.recv() {
        Ok(Ok(())) => Ok(ExecutorHandle {
            name: name.to_owned(),
            thread,
        }),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(RuntimeError::Panicked {
            name: name.to_owned(),
        }),
    }
}

fn start_error(name: &str, reason: &dyn std::fmt::Display) -> RuntimeError {
    RuntimeError::Start {
        name: name.to_owned(),
        reason: reason.to_string(),
    }
}

/// Pins the calling thread and makes its executor.
fn prepare(name: &str, cpu: Option<usize>) -> Result<LocalExecutor, RuntimeError> {
    if let Some(cpu) = cpu {
        pin(cpu).map_err(|source| RuntimeError::Pin {
            name: name.to_owned(),
            cpu,
            source,
        })?;
    }
    LocalExecutorBuilder::new(Placement::Unbound)
        .name(name)
        .preempt_timer(PREEMPT_TIMER)
        .ring_depth(RING_DEPTH)
        .io_memory(IO_MEMORY_BYTES)
        .blocking_thread_pool_placement(PoolPlacement::Unbound(1))
        .make()
        .map_err(|error| start_error(name, &error))
}

async fn heartbeat() {
    loop {
        sleep(HEARTBEAT).await;
    }
}

/// Binds the calling thread to one CPU.
fn pin(cpu: usize) -> io::Result<()> {
    if cpu >= libc::CPU_SETSIZE as usize {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: a cpu_set_t is plain bits, for which zero is valid; `cpu` is within it.
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        set
    };
    // SAFETY: the set lives for the call and its size is given.
    let result = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Starts a task on the calling executor; it first runs after the caller's next await.
///
/// # Panics
/// Outside an executor.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    // glommio's own spawn_local polls the task at once, inside the caller, whose borrows it may meet.
    glommio::spawn_local_into(future, glommio::executor().current_task_queue())
        .expect("the queue that runs this task exists")
        .detach();
}

/// Ends after `duration`.
pub async fn sleep(duration: Duration) {
    crate::timer::Timer::new(duration).await;
}

/// Runs `future` for at most `duration`, then drops it. Only for futures that lose nothing when
/// dropped; all of this crate's are such, except [`crate::net::Connection::write_all`], after which
/// it is unknown how much was sent.
pub async fn timeout<T>(duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    futures_lite::future::or(async { Some(future.await) }, async {
        sleep(duration).await;
        None
    })
    .await
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::turn::need_yield;
    use crate::{LocalEvent, yield_if_needed, yield_now};
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Instant;

    #[test]
    fn the_bodys_output_comes_back_and_the_thread_has_its_name() {
        let handle = spawn("named", None, || async {
            thread::current().name().map(str::to_owned)
        });
        assert_eq!(handle.unwrap().join().unwrap().as_deref(), Some("named"));
    }

    #[test]
    fn an_executor_runs_on_its_cpu() {
        // SAFETY: no memory is passed.
        let cpu = || async { unsafe { libc::sched_getcpu() } };
        assert_eq!(spawn("pinned", Some(0), cpu).unwrap().join().unwrap(), 0);
        for absent in [1_000, 1_000_000] {
            let error = spawn("pinned", Some(absent), cpu).err().unwrap();
            assert_eq!(error.code(), "E4096");
        }
    }

    #[test]
    fn a_spawned_task_runs_after_its_spawner_waits() {
        let body = || async {
            let ran = Rc::new(Cell::new(false));
            let event = Rc::new(LocalEvent::new());
            let (task_ran, task_event) = (Rc::clone(&ran), Rc::clone(&event));
            spawn_local(async move {
                task_ran.set(true);
                task_event.notify();
            });
            let before = ran.get();
            event.wait().await;
            (before, ran.get())
        };
        assert_eq!(
            spawn("tasks", None, body).unwrap().join().unwrap(),
            (false, true)
        );
    }

    #[test]
    fn sleeps_and_timeouts_end_in_time() {
        let body = || async {
            let start = Instant::now();
            sleep(Duration::from_millis(20)).await;
            let slept = start.elapsed();
            let late = timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
            let early = timeout(Duration::from_secs(60), async { 7 }).await;
            (slept, late, early)
        };
        let (slept, late, early) = spawn("time", None, body).unwrap().join().unwrap();
        assert!(slept >= Duration::from_millis(20), "{slept:?}");
        assert_eq!((late, early), (None, Some(7)));
    }

    /// Tasks that never wait for anything, only yield, must not keep the reactor from its turn.
    fn timer_beside<F: Future<Output = ()> + 'static>(busy: fn() -> F) -> bool {
        let body = move || async move {
            let done = Rc::new(Cell::new(false));
            for _ in 0..2 {
                let done = Rc::clone(&done);
                spawn_local(async move {
                    while !done.get() {
                        busy().await;
                    }
                });
            }
            sleep(Duration::from_millis(5)).await;
            done.set(true);
            true
        };
        spawn("busy", None, body).unwrap().join().unwrap()
    }

    #[test]
    fn busy_tasks_let_timers_through() {
        assert!(timer_beside(yield_now));
        assert!(timer_beside(yield_if_needed));
    }

    #[test]
    fn a_slice_ends_after_its_millisecond_and_begins_anew_after_the_turn() {
        let body = || async {
            yield_if_needed().await;
            let at_first = need_yield();
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(2) {}
            let at_last = need_yield();
            yield_if_needed().await;
            (at_first, at_last, need_yield())
        };
        // Where the thread is off its CPU for a millisecond, the slice is over at another moment.
        let seen = (0..50)
            .any(|_| spawn("slice", None, body).unwrap().join().unwrap() == (false, true, false));
        assert!(seen);
    }
}
