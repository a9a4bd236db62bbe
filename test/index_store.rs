//! What an index keeps: one story that every engine of the store tells alike, and what only SQLite
//! can go through: files that are damaged, disks that are full, processes that are killed.
//!
//! The loop of killed processes is short here. The long one, some minutes:
//!
//! ```text
//! ROUNDS=200 cargo test --test index_store -- --ignored --nocapture killed_many_times
//! ```
//!
//! Searches that are made to take long are asked of a small catalog here, and of a million entries by
//!
//! ```text
//! cargo test --test index_store -- --ignored --nocapture bombs_end_in_time
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
#[path = "index_store/catalog/mod.rs"]
mod catalog;
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
#[path = "index_store/writers.rs"]
mod writers;

use catalog::{audience, fairness, hostile, owners, publishing, searching};
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
    owner::an_invitation_is_taken_back_by_its_number,
    owner::accounts_are_closed_and_sessions_ended,
    owner::the_index_is_of_the_first_who_claims_it,
    owner::figures_count,
    owner::what_is_over_is_forgotten,
    clock::a_clock_set_forward_ends_what_lasts,
    clock::a_clock_set_back_makes_nothing_last_longer,
    clock::a_clock_set_back_locks_nobody_out,
    publishing::a_difference_changes_what_is_there,
    publishing::what_does_not_differ_stays_as_it_is,
    publishing::a_long_sync_is_seen_whole_or_not_at_all,
    publishing::beginning_from_nothing_replaces_all,
    publishing::a_part_is_taken_once_and_in_its_turn,
    publishing::all_parts_of_a_sync_differ_from_the_same_state,
    publishing::a_sync_that_breaks_off_leaves_nothing,
    publishing::what_broke_off_is_never_seen_however_much_it_is,
    publishing::a_share_that_ends_is_gone_at_once,
    publishing::a_share_is_set_once_by_one_request,
    publishing::nobody_publishes_more_than_they_may,
    publishing::what_is_not_cleared_up_yet_has_an_end,
    owners::a_closed_account_shares_nothing,
    owners::who_replaces_a_lost_identity_begins_without_shares,
    owners::the_same_identity_keeps_its_shares,
    audience::who_is_meant_sees_it_and_nobody_else,
    audience::a_folder_is_listed_alone,
    audience::an_audience_that_changes_holds_at_once,
    audience::a_share_changes_while_it_is_published,
    audience::a_share_is_found_by_what_it_is_called_now,
    audience::who_sees_very_many_shares_finds_everything,
    searching::entries_are_found_by_their_words,
    searching::filters_narrow_a_search,
    searching::the_best_comes_first,
    searching::one_content_is_one_result_with_its_sources,
    searching::words_that_nothing_has_are_told,
    searching::a_prefix_stands_for_all_words_that_begin_so,
    searching::what_comes_later_does_not_disturb,
    searching::a_search_asks_in_the_words_of_the_one_reader,
    fairness::everybody_has_a_turn_in_clearing_up,
    fairness::many_claims_of_one_person_hide_nobody_elses,
    hostile::any_text_is_searched_for_or_refused,
}

/// That a check finds nothing.
async fn is_well(store: &impl Store) {
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
