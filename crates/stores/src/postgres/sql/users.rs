//! Pieces of statements that ask who a session's user is (`spec/modern-core.md` 8.9).
//!
//! In a database of a SuperTokens core a user has an id of his recipe's, may have been given another one from outside, and
//! may be linked to a primary user. `session_info.user_id` is the one from outside, or else the recipe's. Who that is, is
//! read anew with every row, as part of the statement that reads or writes it.
//!
//! Ids of recipes stand in columns of the type `CHAR(36)`: what is compared with them becomes `BPCHAR`, so that an index is
//! searched. Beside that this asks for sub-selects in `RETURNING` and in `VALUES`, `LEFT JOIN` and `UNION ALL`; where the
//! tables aren't there, for nothing.

use super::pieces::{Piece, piece};
use super::room::Room;

const NAMED: fn(&Room) -> bool = |room| room.named_users;
const PRIMARIES: fn(&Room) -> bool = |room| room.knows_primaries();

/// They speak of the row as `sessions`.
pub(super) const USERS: &[Piece] = &[
    // What upstream says of a user in whichever `migration_mode`: every release since 7.0 keeps the newer table, and the
    // older one, which `MIGRATED` leaves to grow old, counts for those alone who aren't in the newer.
    piece(
        "people",
        |room| room.linked_users && room.old_linked_users,
        "(SELECT app_id, user_id, primary_or_recipe_user_id FROM {app_id_to_user_id} \
         UNION ALL SELECT app_id, user_id, primary_or_recipe_user_id FROM {all_auth_recipe_users} AS older \
         WHERE NOT EXISTS (SELECT 1 FROM {app_id_to_user_id} AS newer \
         WHERE newer.app_id = older.app_id AND newer.user_id = older.user_id))",
        "{only_people}",
    ),
    piece("only_people", |room| room.linked_users, "{app_id_to_user_id}", "{all_auth_recipe_users}"),
    // The recipe's id of the row's user.
    piece(
        "recipe_id",
        NAMED,
        "COALESCE((SELECT mapped.supertokens_user_id FROM {userid_mapping} AS mapped \
         WHERE mapped.app_id = sessions.app_id AND mapped.external_user_id = sessions.user_id), \
         sessions.user_id::BPCHAR)",
        "",
    ),
    // The primary user's id from outside, or else the recipe's. Null where the database doesn't know the user.
    piece(
        "primary",
        PRIMARIES,
        "(SELECT COALESCE(named.external_user_id, people.primary_or_recipe_user_id::TEXT) FROM {people} AS people \
         LEFT JOIN {userid_mapping} AS named ON named.app_id = people.app_id \
         AND named.supertokens_user_id = people.primary_or_recipe_user_id \
         WHERE people.app_id = sessions.app_id AND people.user_id = {recipe_id} LIMIT 1)",
        "NULL::TEXT",
    ),
    // As upstream shows it with a session: who has an id from outside counts as unknown.
    piece(
        "shown_primary",
        PRIMARIES,
        "(SELECT people.primary_or_recipe_user_id::TEXT FROM {people} AS people \
         WHERE people.app_id = sessions.app_id AND people.user_id = sessions.user_id::BPCHAR LIMIT 1)",
        "NULL::TEXT",
    ),
    // What is stored for the user of a new session. An id from outside stays, even where another's recipe's id is the same.
    piece(
        "stored_user",
        NAMED,
        "COALESCE((SELECT named.external_user_id FROM {userid_mapping} AS named \
         WHERE named.app_id = $app::VARCHAR AND named.supertokens_user_id = $user::VARCHAR::BPCHAR \
         AND NOT EXISTS (SELECT 1 FROM {userid_mapping} AS mapped \
         WHERE mapped.app_id = $app::VARCHAR AND mapped.external_user_id = $user::VARCHAR)), $user::VARCHAR)",
        "$user::VARCHAR",
    ),
    // Under what name it is noted that a user was there (8.11): the recipe's id, or what he is called if there is none.
    piece(
        "active_user",
        NAMED,
        "COALESCE((SELECT mapped.supertokens_user_id::VARCHAR FROM {userid_mapping} AS mapped \
         WHERE mapped.app_id = $app::VARCHAR AND mapped.external_user_id = $user::VARCHAR), $user::VARCHAR)",
        "$user",
    ),
    // Rows of a user, and where `$linked`, of all who have the same primary user.
    piece(
        "of_user",
        PRIMARIES,
        "user_id IN (SELECT $user::VARCHAR UNION ALL \
         SELECT COALESCE(named.external_user_id, people.user_id::VARCHAR) FROM {people} AS people \
         LEFT JOIN {userid_mapping} AS named ON named.app_id = people.app_id \
         AND named.supertokens_user_id = people.user_id WHERE $linked::BOOLEAN AND people.app_id = $app::VARCHAR \
         AND people.primary_or_recipe_user_id = (SELECT own.primary_or_recipe_user_id FROM {people} AS own \
         WHERE own.app_id = $app::VARCHAR AND own.user_id = {recipe_id_of_user} LIMIT 1))",
        "user_id = $user::VARCHAR",
    ),
    piece(
        "recipe_id_of_user",
        NAMED,
        "COALESCE((SELECT mapped.supertokens_user_id FROM {userid_mapping} AS mapped \
         WHERE mapped.app_id = $app::VARCHAR AND mapped.external_user_id = $user::VARCHAR), $user::VARCHAR::BPCHAR)",
        "$user::VARCHAR",
    ),
];
