//! Sharing what one gets, as the settings say: seen to before one is there for others.

use crate::failures;
use crate::program::Program;
use crate::verbs::sharing::EVERYONE;
use waxwing::model::Audience;
use waxwing::node::User;

/// Sees to it, and says plainly what it means when it begins.
pub(crate) async fn see_to(program: &Program, me: &User) {
    match me.see_to_shared_downloads().await {
        Ok(Some(folder)) => {
            program.printer.note(format!(
                "What you get from now on, to {}, is shared with {}, whoever shared it with you: \
                 share-downloads says so. What others send you is not.",
                folder.path.display(),
                folder.share.audience
            ));
            if folder.share.audience == Audience::Everyone {
                program.printer.note(EVERYONE);
            }
        }
        Ok(None) => {}
        Err(why) => program.printer.failure(&failures::node(&why)),
    }
}
