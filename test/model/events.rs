//! What is told, what may be lost, and who waits.

use super::*;

#[test]
fn a_task_tells_that_it_began_how_far_it_is_and_how_it_ended() {
    let (events, listener) = Events::channel();
    let mut task = events.begin(Work::Hashing, "a.txt", 10);
    let id = task.id();
    task.advance(4);
    task.advance(6);
    task.complete();
    drop(events);
    let began = Event::Began {
        task: id,
        work: Work::Hashing,
        name: waxwing::model::Foreign::new("a.txt"),
        total: 10,
        files: 1,
        with: None,
    };
    let advanced = |done| Event::Advanced { task: id, done };
    let ended = Event::Ended { task: id, complete: true };
    assert_eq!(listener.iter().collect::<Vec<_>>(), [began, advanced(4), advanced(10), ended]);
}

#[test]
fn a_dropped_task_ended_without_success() {
    let (events, listener) = Events::channel();
    let task = events.begin(Work::Hashing, "a", 1);
    let id = task.id();
    drop((task, events));
    assert_eq!(listener.iter().last(), Some(Event::Ended { task: id, complete: false }));
}

#[test]
fn tasks_of_all_clones_have_names_of_their_own() {
    let (events, _listener) = Events::channel();
    let ids = [
        events.begin(Work::Hashing, "a", 1).id(),
        events.clone().begin(Work::Hashing, "a", 1).id(),
    ];
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn progress_is_dropped_when_the_channel_is_full() {
    let told = told_to_a_full_channel(|task, _| drop(task));
    let count = told.iter().filter(|event| matches!(event, Event::Advanced { .. })).count();
    assert_eq!(count, limits::EVENTS_WAITING - 1);
}

#[test]
fn an_end_is_never_lost() {
    let told = told_to_a_full_channel(|task, _| task.complete());
    assert!(matches!(told.last(), Some(Event::Ended { complete: true, .. })));
    let told = told_to_a_full_channel(|task, _| drop(task));
    assert!(matches!(told.last(), Some(Event::Ended { complete: false, .. })));
}

#[test]
fn a_beginning_is_never_lost() {
    let told = told_to_a_full_channel(|_task, events| drop(events.begin(Work::Hashing, "b", 1)));
    let count = told.iter().filter(|event| matches!(event, Event::Began { .. })).count();
    assert_eq!(count, 2);
}

#[test]
fn a_transfer_tells_of_its_files_and_loses_some_when_nobody_listens() {
    let (events, listener) = Events::channel();
    let transfer = Transfer { name: "2 files", total: 10, files: 2, with: Some("bob") };
    let task = events.begin_transfer(Work::Sending, &transfer);
    let id = task.id();
    (0..5000).for_each(|_| task.file(1, "b", (5, 5), 1));
    drop(events);
    let told: Vec<Event> = listener.try_iter().collect();
    assert_eq!(told.len(), limits::EVENTS_WAITING);
    let Event::Began { files: 2, with: Some(with), .. } = &told[0] else { panic!("{told:?}") };
    assert_eq!(with.to_string(), "bob");
    let name = waxwing::model::Foreign::new("b");
    let file = Event::File { task: id, file: 1, name, done: 5, total: 5, ended: 1 };
    assert_eq!(told.last(), Some(&file));
}

#[test]
fn a_listener_that_is_gone_holds_nobody_up() {
    let (events, listener) = Events::channel();
    let mut task = events.begin(Work::Hashing, "a", 1);
    drop(listener);
    (0..5000).for_each(|_| task.advance(1));
    task.complete();
    (0..5000).for_each(|_| events.begin(Work::Hashing, "b", 1).complete());
}

#[test]
fn a_listener_that_leaves_frees_whoever_waits() {
    let (events, listener) = Events::channel();
    let teller = thread::spawn(move || {
        (0..5000).for_each(|_| events.begin(Work::Hashing, "a", 1).complete());
    });
    listener.recv().unwrap();
    drop(listener);
    teller.join().unwrap();
}

#[test]
fn events_that_are_ignored_cost_nothing() {
    let events = Events::ignored();
    let (spent, ()) = allocated_by(|| {
        let mut task = events.begin(Work::Hashing, "a.txt", 1);
        (0..100_000).for_each(|_| task.advance(1));
        task.complete();
    });
    assert!(spent <= "a.txt".len(), "{spent} bytes");
}

/// What a listener is told who begins to listen only after the channel was full for a while.
fn told_to_a_full_channel(then: impl FnOnce(Task, &Events) + Send + 'static) -> Vec<Event> {
    let (events, listener) = Events::channel();
    let mut task = events.begin(Work::Hashing, "a", 5000);
    (0..5000).for_each(|_| task.advance(1));
    let teller = thread::spawn(move || then(task, &events));
    // Time enough to lose an event that is not waited for.
    thread::sleep(Duration::from_millis(100));
    let told = listener.iter().collect();
    teller.join().unwrap();
    told
}
