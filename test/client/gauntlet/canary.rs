//! Somebody whom none of it concerns: Alice gets a file of Bob's with her own program, again and again.

use super::ground::Ground;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

pub(super) struct Canary<'g> {
    ground: &'g Ground<'g>,
    song: Mutex<Song>,
    /// Rings when the song is another.
    bell: Condvar,
}

#[derive(Default)]
struct Song {
    /// When the last get that came right was begun.
    sung: Option<Instant>,
    wrong: Option<String>,
    is_wanted: bool,
    is_over: bool,
}

impl<'g> Canary<'g> {
    pub(super) fn new(ground: &'g Ground<'g>) -> Self {
        Self { ground, song: Mutex::default(), bell: Condvar::new() }
    }

    /// Gets it until it is over, or until it goes wrong.
    pub(super) fn sings(&self) {
        loop {
            let begun = Instant::now();
            let got = self.ground.alice_gets_her_file();
            let mut song = self.song.lock().unwrap();
            match got {
                Ok(()) => song.sung = Some(begun),
                Err(why) => song.wrong = Some(why),
            }
            self.bell.notify_all();
            let rests = |song: &mut Song| !song.is_wanted && !song.is_over;
            let (mut song, _) = self.bell.wait_timeout_while(song, REST, rests).unwrap();
            if song.is_over || song.wrong.is_some() {
                return;
            }
            song.is_wanted = false;
        }
    }

    /// Begins another one, or does so when the one that is under way has ended. Gives what time it is.
    pub(super) fn begins(&self) -> Instant {
        let mut song = self.song.lock().unwrap();
        song.is_wanted = true;
        self.bell.notify_all();
        Instant::now()
    }

    /// Waits until she has got all of it, from the beginning, since then.
    #[track_caller]
    pub(super) fn has_sung_since(&self, then: Instant, act: &str) {
        let song = self.song.lock().unwrap();
        let sings = |song: &mut Song| song.wrong.is_none() && song.sung.is_none_or(|it| it < then);
        let (song, waited) = self.bell.wait_timeout_while(song, PATIENCE, sings).unwrap();
        let wrong = song.wrong.clone();
        // Who panics with it has spoilt it for those who wait.
        drop(song);
        assert_eq!(wrong, None, "beside this act, a transfer went wrong: {act}");
        assert!(!waited.timed_out(), "beside this act, a transfer stands still: {act}");
    }

    /// Also when something fails: nobody waits for ever.
    pub(super) fn stops_in_the_end(&self) -> impl Drop {
        Stops(self)
    }
}

struct Stops<'a>(&'a Canary<'a>);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.song.lock().unwrap().is_over = true;
        self.0.bell.notify_all();
    }
}

/// One person has so many streams a minute.
const REST: Duration = Duration::from_millis(500);
/// Nothing here takes so long, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);
