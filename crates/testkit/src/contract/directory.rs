use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, TenantId};
use doorward_engine::payload::JsonText;
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Row, Write};
use doorward_service::directory::{Directory, LoginMethods, StoredTenant};
use doorward_service::store::{NewKey, StoreError, StoredKeys};
use futures_util::future::join_all;

use super::given::*;
use super::keys::{signing, static_key};

const NAME: &str = "a name";

/// A tenant without settings.
fn bare(app_name: &str, tenant_name: &str) -> StoredTenant {
    StoredTenant {
        app: app(app_name),
        tenant: tenant(tenant_name),
        core_config: JsonText::default(),
        first_factors: None,
        required_secondary_factors: None,
        login_methods: LoginMethods::default(),
    }
}

/// A tenant with settings of every kind.
fn furnished(app_name: &str, tenant_name: &str) -> StoredTenant {
    StoredTenant {
        core_config: JsonText::from_stored(r#"{"access_token_validity":60, "ip_allow_regex":"é'|\"\\d"}"#),
        first_factors: Some(vec!["emailpassword".to_owned(), "otp-phone".to_owned()]),
        required_secondary_factors: Some(vec!["totp".to_owned()]),
        login_methods: LoginMethods { email_password: Some(true), third_party: Some(false), passwordless: None },
        ..bare(app_name, tenant_name)
    }
}

/// All tenants, in order, and their factors in order too.
async fn tenants(store: &dyn Directory) -> Vec<StoredTenant> {
    let mut tenants = store.tenants().await.expect("the tenants");
    tenants.sort_by(|one, other| (&one.app, &one.tenant).cmp(&(&other.app, &other.tenant)));
    for tenant in &mut tenants {
        let lists = [&mut tenant.first_factors, &mut tenant.required_secondary_factors];
        lists.into_iter().flatten().for_each(|factors| factors.sort());
    }
    tenants
}

async fn names(store: &dyn Directory) -> Vec<String> {
    let tenants = tenants(store).await;
    tenants.iter().map(|tenant| format!("{}/{}", tenant.app, tenant.tenant)).collect()
}

async fn put(store: &dyn Directory, tenant: &StoredTenant) -> bool {
    store.put_tenant(tenant.clone(), now()).await.expect("a tenant")
}

/// Gives a tenant a session and a value, and its app keys and a user's last activity.
async fn fill(store: &dyn Directory, app_name: &str, tenant_name: &str) {
    put(store, &furnished(app_name, tenant_name)).await;
    // The refresh-token key lies there.
    make_tenant(store, &app(app_name), &TenantId::default()).await;
    insert(store, &row_at(key_in(app_name, tenant_name, "one"))).await;
    store.put_value(app(app_name), tenant(tenant_name), NAME, "x".to_owned(), now()).await.expect("a value");
    for key in [refresh(), signing(10, "a", None), static_key("s-1", 10)] {
        store.add_key(app(app_name), key).await.expect("a key");
    }
    store.mark_active(app(app_name), user("alice"), now()).await.expect("a mark");
}

fn refresh() -> NewKey {
    NewKey::Refresh { value: Secret::new("r"), created_at: at(5) }
}

/// Whether a tenant has a session and a value, and its app keys and active users.
async fn has(store: &dyn Directory, app_name: &str, tenant_name: &str) -> (bool, bool, bool, u64) {
    let keys = store.keys(app(app_name)).await.expect("the keys");
    (
        load(store, &key_in(app_name, tenant_name, "one")).await.is_some(),
        store.value(app(app_name), tenant(tenant_name), NAME).await.expect("a value").is_some(),
        !keys.signing.is_empty() && !keys.static_keys.is_empty(),
        store.count_active(app(app_name), at(0)).await.expect("a count"),
    )
}

pub(super) async fn public_is_there(store: &dyn Directory) {
    assert_eq!(tenants(store).await, [bare("public", "public")]);
    assert_eq!(store.ping().await, Ok(()));
}

pub(super) async fn a_tenant_comes_back_as_it_was_written(store: &dyn Directory) {
    let written = [
        furnished("a-app", "public"),
        bare("a-app", "shop"),
        StoredTenant { first_factors: None, required_secondary_factors: None, ..furnished("public", "a") },
        furnished("public", "public"),
        StoredTenant { core_config: JsonText::from_stored("{}"), ..furnished("public", "z") },
    ];
    for tenant in &written {
        put(store, tenant).await;
    }
    assert_eq!(tenants(store).await, written);
}

pub(super) async fn a_tenant_is_new_once(store: &dyn Directory) {
    assert!(!put(store, &bare("public", "public")).await);
    for place in [("public", "shop"), ("other", "public"), ("other", "shop")] {
        assert!(put(store, &bare(place.0, place.1)).await, "{place:?}");
        assert!(!put(store, &furnished(place.0, place.1)).await, "{place:?}");
    }
    assert_eq!(store.remove_tenant(app("other"), tenant("shop")).await, Ok(true));
    assert!(put(store, &bare("other", "shop")).await);
    assert_eq!(names(store).await, ["other/public", "other/shop", "public/public", "public/shop"]);
}

pub(super) async fn settings_are_replaced(store: &dyn Directory) {
    put(store, &furnished("public", "shop")).await;
    let changed = StoredTenant {
        core_config: JsonText::from_stored(r#"{"a":1}"#),
        first_factors: Some(vec!["custom".to_owned(), "otp-phone".to_owned()]),
        required_secondary_factors: None,
        login_methods: LoginMethods { email_password: None, third_party: Some(true), passwordless: Some(false) },
        ..bare("public", "shop")
    };
    put(store, &changed).await;
    assert_eq!(tenants(store).await, [bare("public", "public"), changed]);
    put(store, &bare("public", "shop")).await;
    assert_eq!(tenants(store).await, [bare("public", "public"), bare("public", "shop")]);
}

pub(super) async fn no_factors_differ_from_none(store: &dyn Directory) {
    let none = StoredTenant { first_factors: Some(Vec::new()), ..bare("public", "shop") };
    let written = StoredTenant { required_secondary_factors: Some(Vec::new()), ..none.clone() };
    put(store, &furnished("public", "shop")).await;
    put(store, &written).await;
    assert_eq!(tenants(store).await, [bare("public", "public"), none]);
}

pub(super) async fn an_unset_tenant_has_no_settings(store: &dyn Directory) {
    put(store, &furnished("public", "shop")).await;
    assert_eq!(store.remove_tenant(AppId::default(), tenant("shop")).await, Ok(true));
    insert(store, &row_at(key_in("public", "shop", "one"))).await;
    assert_eq!(tenants(store).await, [bare("public", "public"), bare("public", "shop")]);
}

pub(super) async fn what_belongs_to_no_tenant_is_refused(store: &dyn Directory) {
    for (app_name, tenant_name) in [("public", "shop"), ("other", "public"), ("other", "shop")] {
        let insert = Write::Insert(Box::new(row_at(key_in(app_name, tenant_name, "one"))));
        assert_eq!(store.commit(insert.clone()).await, Err(StoreError::NoTenant));
        let put = || store.put_value(app(app_name), tenant(tenant_name), NAME, "x".to_owned(), now());
        assert_eq!(put().await, Err(StoreError::NoTenant));
        if app_name == "other" && tenant_name == "public" {
            for key in [refresh(), signing(10, "a", None), static_key("s-1", 10)] {
                assert_eq!(store.add_key(app("other"), key).await, Err(StoreError::NoTenant));
            }
            assert_eq!(store.mark_active(app("other"), user("alice"), now()).await, Err(StoreError::NoTenant));
        }
        assert_eq!(has(store, app_name, tenant_name).await, (false, false, false, 0));
        // Twice is once.
        for _ in 0..2 {
            make_tenant(store, &app(app_name), &tenant(tenant_name)).await;
        }
        assert!(matches!(store.commit(insert).await, Ok(Seen::Applied(_))), "{app_name}/{tenant_name}");
        assert_eq!(put().await, Ok(()));
    }
    assert_eq!(names(store).await, ["other/public", "other/shop", "public/public", "public/shop"]);
    // Deleted by another process meanwhile.
    assert_eq!(store.remove_app(app("other")).await, Ok(true));
    let insert = Write::Insert(Box::new(row_at(key_in("other", "shop", "one"))));
    assert_eq!(store.commit(insert).await, Err(StoreError::NoTenant));
    assert_eq!(names(store).await, ["public/public", "public/shop"]);
}

pub(super) async fn a_removed_tenant_takes_what_it_has(store: &dyn Directory) {
    fill(store, "public", "shop").await;
    fill(store, "public", "shop-2").await;
    fill(store, "other", "shop").await;
    assert_eq!(store.remove_tenant(AppId::default(), tenant("shop")).await, Ok(true));
    assert_eq!(names(store).await, ["other/public", "other/shop", "public/public", "public/shop-2"]);
    assert_eq!(has(store, "public", "shop").await, (false, false, true, 1));
    assert_eq!(has(store, "public", "shop-2").await, (true, true, true, 1));
    assert_eq!(has(store, "other", "shop").await, (true, true, true, 1));
    assert_eq!(store.remove_tenant(AppId::default(), tenant("shop")).await, Ok(false));
    assert_eq!(store.remove_tenant(app("nobody"), tenant("shop-2")).await, Ok(false));
    assert_eq!(has(store, "public", "shop-2").await, (true, true, true, 1));
    // The refresh-token key lies among the values of the app's tenant `public`.
    assert_eq!(store.remove_tenant(app("other"), TenantId::default()).await, Ok(true));
    assert_eq!(store.keys(app("other")).await.expect("the keys").refresh, None);
    assert_eq!(has(store, "other", "shop").await, (true, true, true, 1));
}

pub(super) async fn a_removed_app_takes_what_it_has(store: &dyn Directory) {
    fill(store, "public", "shop").await;
    fill(store, "one", "shop").await;
    fill(store, "one", "shop-2").await;
    fill(store, "two", "shop").await;
    assert_eq!(store.remove_app(app("one")).await, Ok(true));
    assert_eq!(store.keys(app("one")).await, Ok(StoredKeys::default()));
    for name in ["shop", "shop-2"] {
        assert_eq!(has(store, "one", name).await, (false, false, false, 0), "{name}");
    }
    assert_eq!(names(store).await, ["public/public", "public/shop", "two/public", "two/shop"]);
    assert_eq!(has(store, "public", "shop").await, (true, true, true, 1));
    assert_eq!(has(store, "two", "shop").await, (true, true, true, 1));
    assert_eq!(store.remove_app(app("one")).await, Ok(false));
    // An app of that name is another one.
    assert!(put(store, &bare("one", "public")).await);
    assert_eq!(has(store, "one", "public").await, (false, false, false, 0));
}

pub(super) async fn public_is_emptied_and_stays(store: &dyn Directory) {
    fill(store, "public", "public").await;
    assert_eq!(store.remove_tenant(AppId::default(), TenantId::default()).await, Ok(true));
    assert_eq!(tenants(store).await, [bare("public", "public")]);
    assert_eq!(has(store, "public", "public").await, (false, false, true, 1));
    fill(store, "public", "public").await;
    fill(store, "public", "shop").await;
    assert_eq!(store.remove_app(AppId::default()).await, Ok(true));
    assert_eq!(tenants(store).await, [bare("public", "public")]);
    assert_eq!(has(store, "public", "public").await, (false, false, false, 0));
    insert(store, &row("one")).await;
}

pub(super) async fn many_sessions_go_with_their_tenant(store: &dyn Directory) {
    insert(store, &row("stays")).await;
    let sessions: Vec<Row> = (0..2100).map(|number| row_at(key_in("public", "shop", &number.to_string()))).collect();
    for some in sessions.chunks(300) {
        join_all(some.iter().map(|row| insert(store, row))).await;
    }
    assert_eq!(store.remove_tenant(AppId::default(), tenant("shop")).await, Ok(true));
    assert_eq!(store.count_sessions(now()).await, Ok(1));
    assert_eq!(load(store, &key("stays")).await, Some(row("stays")));
}

pub(super) async fn a_value_is_kept_for_its_tenant(store: &dyn Directory) {
    let read = async |app_name: &str, tenant_name: &str, name| {
        store.value(app(app_name), tenant(tenant_name), name).await.expect("a value")
    };
    let write = async |app_name: &str, tenant_name: &str, name, value: &str| {
        store.put_value(app(app_name), tenant(tenant_name), name, value.to_owned(), now()).await.expect("a value");
    };
    assert_eq!(read("public", "public", NAME).await, None);
    assert_eq!(read("nobody", "public", NAME).await, None);
    for (app_name, tenant_name) in [("public", "shop"), ("other", "public")] {
        make_tenant(store, &app(app_name), &tenant(tenant_name)).await;
    }
    write("public", "public", NAME, "é'\"").await;
    write("public", "shop", NAME, "").await;
    write("other", "public", NAME, "3").await;
    write("public", "public", "other name", "4").await;
    assert_eq!(read("public", "public", NAME).await.as_deref(), Some("é'\""));
    assert_eq!(read("public", "shop", NAME).await.as_deref(), Some(""));
    assert_eq!(read("other", "public", NAME).await.as_deref(), Some("3"));
    assert_eq!(read("other", "shop", NAME).await, None);
    write("public", "public", NAME, "5").await;
    assert_eq!(read("public", "public", NAME).await.as_deref(), Some("5"));
    assert_eq!(read("public", "public", "other name").await.as_deref(), Some("4"));
}

pub(super) async fn the_last_activity_counts(store: &dyn Directory) {
    let count = async |name: &str, since| store.count_active(app(name), at(since)).await.expect("a count");
    assert_eq!(count("public", 0).await, 0);
    make_tenant(store, &app("other"), &TenantId::default()).await;
    // Of two moments the later one holds, whichever comes first.
    for (name, who, when) in [
        ("public", "alice", 20),
        ("public", "alice", 10),
        ("public", "bob", 10),
        ("public", "bob", 30),
        ("other", "alice", 50),
    ] {
        store.mark_active(app(name), user(who), at(when)).await.expect("a mark");
    }
    let counts = [count("public", 0).await, count("public", 20).await, count("public", 21).await];
    assert_eq!(counts, [2, 2, 1]);
    assert_eq!([count("public", 30).await, count("public", 31).await], [1, 0]);
    assert_eq!([count("other", 50).await, count("other", 51).await, count("nobody", 0).await], [1, 0, 0]);
}

pub(super) async fn living_sessions_are_counted(store: &dyn Directory) {
    assert_eq!(store.count_sessions(now()).await, Ok(0));
    let places = [key("one"), key("two"), key_in("public", "shop", "one"), key_in("other", "public", "one")];
    for (number, key) in (0_u64..).zip(places) {
        insert(store, &Row { expires_at: at(NOW + number), ..row_at(key) }).await;
    }
    insert(store, &Row { expires_at: at(NOW - 1), ..row("gone") }).await;
    assert_eq!(store.count_sessions(now()).await, Ok(4));
    assert_eq!(store.count_sessions(at(NOW + 2)).await, Ok(2));
}

pub(super) async fn a_closed_directory_says_so(store: &dyn Directory) {
    fill(store, "public", "public").await;
    assert_eq!(store.close().await, Ok(()));
    let (app, tenant) = (AppId::default, TenantId::default);
    assert_eq!(store.tenants().await, Err(StoreError::Closed));
    assert_eq!(store.put_tenant(bare("public", "public"), now()).await, Err(StoreError::Closed));
    assert_eq!(store.remove_tenant(app(), tenant()).await, Err(StoreError::Closed));
    assert_eq!(store.remove_app(app()).await, Err(StoreError::Closed));
    assert_eq!(store.value(app(), tenant(), NAME).await, Err(StoreError::Closed));
    assert_eq!(store.put_value(app(), tenant(), NAME, "x".to_owned(), now()).await, Err(StoreError::Closed));
    assert_eq!(store.mark_active(app(), user("alice"), now()).await, Err(StoreError::Closed));
    assert_eq!(store.count_active(app(), now()).await, Err(StoreError::Closed));
    assert_eq!(store.count_sessions(now()).await, Err(StoreError::Closed));
    assert_eq!(store.ping().await, Err(StoreError::Closed));
}
