//! What an index keeps: one story that every engine of the store tells alike, and what only SQLite
//! can go through: files that are damaged, disks that are full, processes that are killed.
//!
//! The loop of killed processes is short here. The long one, some minutes:
//!
//! ```text
//! ROUNDS=200 cargo test --test index_store -- --ignored --nocapture killed_many_times
//! ```
//!
//! How fast people join, in changes a second on this disk:
//!
//! ```text
//! cargo test --release --test index_store -- --ignored --nocapture speed_of
//! ```

#[path = "common/mod.rs"]
mod keys;
#[path = "index_store/stage.rs"]
mod stage;

#[path = "index_store/accounts.rs"]
mod accounts;
#[path = "index_store/clock.rs"]
mod clock;
#[path = "index_store/directory.rs"]
mod directory;
#[path = "index_store/joining.rs"]
mod joining;
#[path = "index_store/owner.rs"]
mod owner;
#[path = "index_store/privacy.rs"]
mod privacy;
#[path = "index_store/sessions.rs"]
mod sessions;

#[path = "index_store/crowd.rs"]
mod crowd;
#[path = "index_store/files.rs"]
mod files;
#[path = "index_store/killed.rs"]
mod killed;
#[path = "index_store/rescue.rs"]
mod rescue;

use waxwing::index::store::{Place, Sqlite, Store};

/// The chapters of the story, told to each engine by a test of their own.
macro_rules! story {
    ($($room:ident::$chapter:ident,)*) => {
        mod in_memory {
            use super::*;
            $(#[tokio::test]
            async fn $chapter() {
                let store = Sqlite::open(Place::Memory).unwrap();
                $room::$chapter(&store).await;
                is_well(&store).await;
            })*
        }

        mod in_a_file {
            use super::*;
            $(#[tokio::test]
            async fn $chapter() {
                let folder = tempfile::tempdir().unwrap();
                let place = Place::File(folder.path().join("index.db"));
                let store = Sqlite::open(place.clone()).unwrap();
                $room::$chapter(&store).await;
                is_well(&store).await;
                store.close().await;
                is_well(&Sqlite::open(place).unwrap()).await;
            })*
        }
    };
}

story! {
    clock::known_keys_pass_with_any_clock_and_new_ones_have_to_hold,
    clock::a_short_session_lasts_while_it_is_used,
    joining::invitations_for_somebody_who_is_in_are_forgotten,
    joining::who_left_comes_back_as_who_they_were_last,
    joining::numbers_of_requests_do_not_pile_up,
    joining::who_joins_can_log_in,
    joining::nobody_joins_without_an_invitation_where_joining_is_closed,
    joining::an_invitation_lets_one_person_in_once,
    joining::an_invitation_holds_until_its_time,
    joining::an_invitation_for_one_name_is_for_no_other,
    joining::a_refusal_does_not_use_an_invitation_up,
    joining::names_and_identities_are_taken_once,
    joining::an_invitation_for_an_account_replaces_its_keys,
    joining::an_invitation_for_an_account_resets_its_password,
    joining::joining_again_by_the_same_request_does_nothing_twice,
    joining::of_a_hundred_who_want_a_name_one_gets_it,
    sessions::a_session_belongs_to_an_identity,
    sessions::a_session_lasts_as_long_as_it_is_used,
    sessions::one_session_too_many_ends_the_longest_unused,
    sessions::who_logs_out_is_out,
    sessions::only_the_checked_password_and_identity_log_in,
    accounts::a_new_password_ends_all_sessions,
    accounts::changing_a_password_again_does_nothing_twice,
    accounts::a_rotation_moves_the_account,
    accounts::a_rotation_is_refused,
    accounts::a_contact_line_changes,
    directory::a_newer_certificate_is_written_down,
    directory::an_older_certificate_is_refused,
    directory::who_shows_new_keys_without_end_is_stopped,
    directory::documents_stand_for_their_entries,
    directory::who_closed_an_account_may_come_back,
    directory::a_story_of_many_names_is_one_chain,
    privacy::nobody_asks_without_a_session_of_their_own,
    privacy::two_accounts_see_nothing_of_each_other,
    owner::people_come_in_pages,
    owner::users_and_their_sessions_are_listed,
    owner::invitations_are_listed_until_they_are_used,
    owner::accounts_are_closed_and_sessions_ended,
    owner::figures_count,
    owner::what_is_over_is_forgotten,
    clock::a_clock_set_forward_ends_what_lasts,
    clock::a_clock_set_back_makes_nothing_last_longer,
    clock::a_clock_set_back_locks_nobody_out,
}

/// That a check finds nothing.
async fn is_well(store: &impl Store) {
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
