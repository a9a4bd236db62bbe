//! The line between a verb and the program that does its errand, at that program's end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::block_in_place;
use waxwing::ui::QuestionError;
use waxwing::ui::errand::{Answer, Errand, Question, Said, Told};
use zeroize::Zeroizing;

/// A verb whose errand is done here. It speaks from threads that may wait.
#[derive(Debug)]
pub(crate) struct ErrandLine {
    to: Mutex<UnixStream>,
    answers: Mutex<Receiver<Answer>>,
}

/// Tells when the person stops the verb, and ends when the verb is gone.
pub(crate) type Stops = mpsc::UnboundedReceiver<()>;

impl ErrandLine {
    /// Hears what the errand is. Blocks, but not for long.
    pub(crate) fn hear(socket: UnixStream) -> io::Result<(Errand, Arc<Self>, Stops)> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(ERRAND_COMES))?;
        socket.set_write_timeout(Some(IS_READ))?;
        let mut from = BufReader::new(socket.try_clone()?);
        let errand = next::<Errand>(&mut from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        socket.set_read_timeout(None)?;
        let (answer, answers) = sync_channel(1);
        let (stop, stops) = mpsc::unbounded_channel();
        let listen = move || listen(&mut from, &answer, &stop);
        thread::Builder::new().name("errand".to_owned()).spawn(listen)?;
        let line = Self { to: Mutex::new(socket), answers: Mutex::new(answers) };
        Ok((errand, Arc::new(line), stops))
    }

    /// Tells the verb something. A verb that reads nothing for long is not there any more.
    pub(crate) fn tell(&self, told: &Told) -> io::Result<()> {
        let mut line = serde_json::to_vec(told)?;
        line.push(b'\n');
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let written = to.write_all(&line);
        if written.is_err() {
            // The one who listens hears it, too.
            let _ = to.shutdown(std::net::Shutdown::Both);
        }
        written
    }

    /// Asks the person at the verb. Blocks until they have answered.
    pub(crate) fn ask(&self, question: Question) -> Result<Answer, QuestionError> {
        self.tell(&Told::Ask(question))?;
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.recv() {
            Ok(Answer::Interrupted) => Err(QuestionError::Interrupted),
            Ok(Answer::End) | Err(_) => Err(QuestionError::End),
            Ok(answer) => Ok(answer),
        }
    }
}

impl Drop for ErrandLine {
    fn drop(&mut self) {
        // The one who listens has the socket as well.
        let to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}

fn listen(
    from: &mut BufReader<UnixStream>,
    answer: &SyncSender<Answer>,
    stop: &mpsc::UnboundedSender<()>,
) {
    while let Ok(Some(said)) = next::<Said>(from) {
        let gone = match said {
            // One that nobody waits for is none.
            Said::Answer(given) => answer.try_send(given).is_err(),
            Said::Stop => stop.send(()).is_err(),
        };
        if gone {
            return;
        }
    }
}

/// What stands in the next line, which may be a secret.
fn next<T: serde::de::DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_ROOM));
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(serde_json::from_slice(&line)?)),
        Some(_) => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// One of the verb's outputs. Each write is told as it is.
#[derive(Debug)]
pub(crate) struct ErrandWriter {
    line: Arc<ErrandLine>,
    told: fn(String) -> Told,
}

impl ErrandWriter {
    /// Its standard output.
    pub(crate) fn out(line: &Arc<ErrandLine>) -> Self {
        Self { line: Arc::clone(line), told: Told::Out }
    }

    /// Its standard error.
    pub(crate) fn err(line: &Arc<ErrandLine>) -> Self {
        Self { line: Arc::clone(line), told: Told::Err }
    }
}

impl Write for ErrandWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let told = (self.told)(String::from_utf8_lossy(bytes).into_owned());
        // However long the verb takes to read it, everything else goes on.
        block_in_place(|| self.line.tell(&told))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Within this time the errand is there.
const ERRAND_COMES: Duration = Duration::from_secs(5);
/// Within this time what was written is read: a person may have stopped the verb, or look at the first
/// page, and come back after a night.
const IS_READ: Duration = Duration::from_secs(24 * 3600);
const LONGEST_LINE: u64 = 1 << 20;
/// A text that grows leaves copies behind.
const LINE_ROOM: usize = 16 << 10;
