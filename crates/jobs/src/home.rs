//! The home: the folder where everything rests. `lake/` holds the tables, `bundles/` what was learnt,
//! `ledger.db` who did what.

use crate::files::write_file;
use crate::{Configuration, HomeError, JobError, Run, catalog};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_lake::{Lake, LakeError, Snapshot, SnapshotWanted};
use tidegate_ledger::{
    Act, Activation, Bundle as BundleRow, Door, Hash256, Ledger, NewPrincipal, PrincipalId, PrincipalKind,
    RootKey, Standing,
};
use tidegate_query::{Bundles, Catalog, Platform};
use tidegate_records::tables::item_row_schema;
use tidegate_risk::bundle::{Bundle, BundleHash};
use tidegate_risk::features::{PROFILE_SECRET_BYTES, ProfileSecret};

/// Alias under which `learn` activates and `score` reads.
pub const DEFAULT_ALIAS: &str = "default";

/// What is told where a bundle is needed and none is in force.
pub(crate) const NONE_IN_FORCE: &str = "no bundle is in force yet; load records with results and run \
    `tidegate learn`, and where two persons put bundles in force, `tidegate bundles propose` and `approve`";

/// An open home.
pub struct Home {
    root: PathBuf,
    /// The tables.
    pub lake: Lake,
    /// Who did what.
    pub ledger: Ledger,
    /// The time at which this run began; what goes on for long asks a clock ([`crate::desk`]).
    pub now: DateTime<Utc>,
    /// Limits and defaults.
    pub configuration: Configuration,
    /// What this run reads.
    pub run: Run,
}

impl Home {
    /// Opens a home, making it for its owner alone when it is not there; everything in it works within the configuration.
    ///
    /// # Errors
    /// When the folder cannot be made, or lake or ledger cannot be opened.
    pub async fn open(
        root: &Path,
        configuration: Configuration,
        now: DateTime<Utc>,
    ) -> Result<Self, JobError> {
        let folder = |path: &Path, cause| HomeError::Folder { path: path.to_owned(), cause };
        make_private(root).map_err(|cause| folder(root, cause))?;
        for path in [root.join("bundles"), root.join("lake")] {
            std::fs::create_dir_all(&path).map_err(|cause| folder(&path, cause))?;
        }
        let lake = Lake::open(root.join("lake"))?.within(configuration.lake.limits());
        let ledger = Ledger::open(&root.join("ledger.db"), configuration.ledger.limits(), now).await?;
        let run = Run::new(&ledger);
        Ok(Self { root: root.to_owned(), lake, ledger, now, configuration, run })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The one who works on this machine.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn owner(&self) -> Result<PrincipalId, JobError> {
        Ok(self.ledger.local_owner().await?.id)
    }

    /// A person by name, who is added when the ledger does not know the name.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn person(&self, name: &str) -> Result<PrincipalId, JobError> {
        if let Some(known) = self.ledger.principals().await?.into_iter().find(|known| known.name == name) {
            return Ok(known.id);
        }
        let new = NewPrincipal {
            name,
            kind: PrincipalKind::Person,
            roles: BTreeSet::new(),
            standing: Standing::default(),
        };
        let act = self.act(Door::Job, "named for the first time").await?;
        Ok(self.ledger.add_principal(&new, &act).await?)
    }

    /// Something that the local owner does now.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn act(&self, door: Door, reason: &str) -> Result<Act, JobError> {
        Ok(self.act_of(self.owner().await?, door, reason))
    }

    /// Something that somebody does now, who is taken at their word.
    pub fn act_of(&self, by: PrincipalId, door: Door, reason: &str) -> Act {
        Act { by, door, reason: reason.to_owned(), at: self.now }
    }

    /// The newest state of the tables; nothing before the first load.
    ///
    /// # Errors
    /// When the lake fails.
    pub async fn snapshot(&self) -> Result<Option<Snapshot>, JobError> {
        match self.lake.snapshot(SnapshotWanted::Latest).await {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(LakeError::NoSnapshot { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The door to the newest state of the tables. What is read through it is noted for the audit chain.
    ///
    /// # Errors
    /// When the lake fails.
    pub async fn platform(&self) -> Result<Platform, JobError> {
        let snapshot = self.snapshot().await?;
        self.platform_of(snapshot.as_ref(), catalog::read(&self.ledger).await?).await
    }

    /// The door to a state of the tables, with what a catalog knows of them.
    pub(crate) async fn platform_of(
        &self,
        snapshot: Option<&Snapshot>,
        catalog: Catalog,
    ) -> Result<Platform, JobError> {
        let engine = self.configuration.engine.of_queries();
        let platform = Platform::open(&self.lake, snapshot, catalog, engine, None).await?;
        self.run.reads_from(snapshot.map(|snapshot| snapshot.version), self.now).await?;
        let run = self.run.clone();
        Ok(platform.noted(Arc::new(move |reading| run.reads(reading))))
    }

    /// The key under which consignments get their pseudonyms, made when the home has none.
    ///
    /// # Errors
    /// When the ledger fails or the system gives no random bytes.
    pub async fn root_key(&self) -> Result<RootKey, JobError> {
        self.root_key_at(self.now).await
    }

    /// The same key; where the home has none it is made at this moment.
    pub(crate) async fn root_key_at(&self, now: DateTime<Utc>) -> Result<RootKey, JobError> {
        Ok(self.ledger.root_key(&RootKey::new(random_bytes()?), now).await?)
    }

    /// Stores a bundle under its hash. Where one person works alone it becomes the active one at once; otherwise it is a
    /// candidate until it is proposed and approved ([`crate::bundles`]).
    ///
    /// # Errors
    /// When files cannot be written or the ledger fails.
    pub async fn store_bundle(&self, bundle: &Bundle, summary: &str) -> Result<BundleHash, JobError> {
        let (components, hash) = bundle.to_components();
        let folder = self.bundle_folder(hash);
        components.iter().try_for_each(|(name, bytes)| write_file(&folder, name, bytes))?;
        let (owner, hash256) = (self.owner().await?, Hash256::new(hash.0));
        let row = BundleRow {
            hash: hash256,
            name: bundle.set.name.clone(),
            created_at: self.now,
            created_by: owner,
            summary: summary.to_owned(),
        };
        self.ledger.register_bundle(&row).await?;
        if self.ledger.activates_alone().await? {
            let activation = Activation {
                alias: DEFAULT_ALIAS.to_owned(),
                bundle: hash256,
                effective_from: self.now,
                activated_by: owner,
                recorded_at: self.now,
                proposal: None,
            };
            self.ledger.activate_bundle(&activation).await?;
        }
        Ok(hash)
    }

    /// Loads a bundle by its hash, the beginning of its hash, or the active one, whose name is `default`.
    ///
    /// # Errors
    /// When there is none such, or it was altered.
    pub async fn bundle(&self, name: Option<&str>) -> Result<(Bundle, BundleHash), JobError> {
        let folder = self.find_bundle(name.unwrap_or(DEFAULT_ALIAS), self.now).await?;
        self.read_bundle(&folder.ok_or_else(|| JobError::Missing(NONE_IN_FORCE.to_owned()))?).await
    }

    /// The folder of the bundle that [`Home::bundle`] finds by this name at this moment; none where none is active.
    pub(crate) async fn find_bundle(
        &self,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<PathBuf>, JobError> {
        if name != DEFAULT_ALIAS {
            return self.folder_of_bundle(name).map(Some);
        }
        let active = self.ledger.active_bundle(DEFAULT_ALIAS, now).await?;
        Ok(active.map(|active| self.root.join("bundles").join(active.bundle.to_string())))
    }

    /// Loads a bundle by its hash or the beginning of its hash.
    pub(crate) async fn bundle_named(&self, name: &str) -> Result<(Bundle, BundleHash), JobError> {
        self.read_bundle(&self.folder_of_bundle(name)?).await
    }

    /// The secret under which bundles that are learnt here keep the keys of their profiles; it follows from the key of the ledger.
    ///
    /// # Errors
    /// As [`Home::root_key`].
    pub async fn profile_secret(&self) -> Result<ProfileSecret, JobError> {
        let key = self.root_key().await?;
        let mut bytes = [0; PROFILE_SECRET_BYTES];
        for (number, part) in (0_u8..).zip(bytes.chunks_mut(32)) {
            part.copy_from_slice(&mac(&key, &[b"tidegate/profile-secret/v1\0", [number].as_slice()]));
        }
        Ok(ProfileSecret::new(bytes))
    }

    /// Loads the bundle of a folder.
    pub(crate) async fn read_bundle(&self, folder: &Path) -> Result<(Bundle, BundleHash), JobError> {
        read_bundle(folder, &self.profile_secret().await?)
    }

    /// Bundles to assess with, each under the name that [`Home::bundle`] finds it by.
    pub(crate) async fn bundles(&self, names: BTreeSet<String>) -> Result<Bundles, JobError> {
        let mut bundles = Bundles::new();
        for name in names {
            let (bundle, hash) = self.bundle(Some(&name)).await?;
            bundles.insert(name, (hash, Arc::new(bundle)));
        }
        Ok(bundles)
    }

    fn bundle_folder(&self, hash: BundleHash) -> PathBuf {
        self.root.join("bundles").join(hash.to_string())
    }

    fn folder_of_bundle(&self, name: &str) -> Result<PathBuf, JobError> {
        let bundles = self.root.join("bundles");
        let entries = std::fs::read_dir(&bundles).map_err(JobError::file(&bundles))?;
        let mut found: Vec<PathBuf> = entries
            .filter_map(|e| e.ok().map(|e| e.path()))
            .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(name)))
            .collect();
        found.sort();
        match found.as_slice() {
            [one] => Ok(one.clone()),
            many => Err(JobError::BundleName { name: name.to_owned(), found: many.len() }),
        }
    }
}

/// Makes a folder that only its owner enters, where there is none: no policy hinders who can read the files of the lake.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// HMAC-SHA256 of texts under the key of a ledger.
pub(crate) fn mac(key: &RootKey, texts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key.expose());
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    for text in texts {
        mac.update(text);
    }
    mac.finalize().into_bytes().into()
}

fn read_bundle(folder: &Path, secret: &ProfileSecret) -> Result<(Bundle, BundleHash), JobError> {
    let mut components = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(JobError::file(folder))? {
        let path = entry.map_err(JobError::file(folder))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        components.insert(name, std::fs::read(&path).map_err(JobError::file(&path))?);
    }
    let (bundle, hash) = Bundle::from_components(&components, &item_row_schema(), secret)
        .map_err(|cause| JobError::Bundle { name: folder.display().to_string(), cause: Box::new(cause) })?;
    // What two persons put in force is a hash, and whoever writes files does not put another bundle in its place.
    if folder.file_name().is_none_or(|name| name != hash.to_string().as_str()) {
        let folder = folder.display();
        return Err(JobError::Missing(format!(
            "the bundle in {folder} is {hash}, and not the one that the folder is named after; restore it from a backup"
        )));
    }
    Ok((bundle, hash))
}

/// Bytes from the system's random source, for keys and salts.
///
/// # Errors
/// When the system gives none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], JobError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| JobError::Missing(format!("the system gives no random bytes: {e}")))?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn only_its_owner_enters_a_new_home_and_one_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o750)).unwrap();
        for (root, mode) in [(folder.path().join("new"), 0o700), (shared, 0o750)] {
            let now = "2026-11-24T12:00:00Z".parse().unwrap();
            Home::open(&root, Configuration::default(), now).await.unwrap();
            assert_eq!(std::fs::metadata(&root).unwrap().permissions().mode() & 0o777, mode);
        }
    }
}
