//! Makes the image of the recipe: Debian's packages by mmdebstrap, the libraries by pip inside them.
//!
//! Nothing that is fetched is run with rights: wheels are checked against the lock's hashes, fetched with the image
//! read-only and installed without a network; no package is built. Each stage leaves a stamp, and a build that was cut
//! goes on after the last one.

use std::{fs::File, io::BufReader};

use super::{
    base::base,
    chamber::prepare,
    error::ImageError,
    finish::{self, Finishing},
    layer::{self, Allowance},
    libraries::{install, wheels},
    manifest::Origin,
    needs::{self, Needs},
    progress::{Reporter, Stage},
    recipe::{RELEASE, Recipe, base_sha256},
    root::Root,
    store::{Image, Store},
    tool::without_credentials,
    work::{Job, Work},
};

/// What to build, and with what.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    pub recipe: Recipe,
    /// The environment of whoever builds: PATH, proxies, pip's settings.
    pub environment: Vec<(String, String)>,
    /// RFC 3339, UTC.
    pub built_at: String,
    /// Another Debian mirror than the machine's own, such as a snapshot.
    pub mirror: Option<String>,
    /// Build it even if there is one.
    pub anew: bool,
}

/// An image, and whether it had to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub image: Image,
    pub was_there: bool,
}

impl BuildRequest {
    /// Where Debian's packages come from; None is mmdebstrap's own default.
    fn mirror(&self) -> Option<String> {
        self.mirror.clone().or_else(|| needs::mirrors().main)
    }

    /// Whoever names a mirror wants the packages that it has.
    fn is_answered_by(&self, image: &Image) -> bool {
        let Some(asked) = &self.mirror else { return true };
        matches!(&image.manifest.origin, Origin::Recipe { mirror: Some(mirror), .. } if *mirror == without_credentials(asked))
    }
}

/// Finds the recipe's image or makes it, and makes it the one in use.
pub async fn build(store: &Store, request: &BuildRequest, reporter: &Reporter) -> Result<Built, ImageError> {
    let id = request.recipe.id();
    let ready = || match store.find(&id) {
        Ok(Some(image)) if !request.anew && request.is_answered_by(&image) => store.use_image(&id).map(Some),
        // One that can't be read is made again.
        Ok(_) | Err(_) => Ok(None),
    };
    if let Some(image) = ready()? {
        return Ok(Built { image, was_there: true });
    }
    let needs = Needs::look(&request.environment)?;
    let _lock = store.lock(reporter).await?;
    // Whoever held the lock may have made it.
    if let Some(image) = ready()? {
        return Ok(Built { image, was_there: true });
    }
    needs::check_space_for_build(store.folder(), &request.environment)?;
    let base_sha256 = base_sha256(&request.mirror().unwrap_or_default());
    let work = Work::open(store.workshop(&id), &base_sha256, request.anew)?;
    if !request.anew {
        for other in store.workshops()? {
            work.borrow_from(&other)?;
        }
    }
    for stage in Stage::ALL.into_iter().filter(|stage| !work.has(*stage)) {
        reporter.stage(stage, &Stage::ALL);
        work.begin(stage)?;
        let job = Job { request, work: &work, reporter };
        perform(stage, &job, &needs).await.map_err(needs::explained)?;
        work.stamp(stage)?;
    }
    let image = store.put(&id, &work.image())?;
    work.finish()?;
    Ok(Built { image, was_there: false })
}

async fn perform(stage: Stage, job: &Job<'_>, needs: &Needs) -> Result<(), ImageError> {
    match stage {
        Stage::Base => base(job, needs).await,
        Stage::Unpack => unpack(job).await,
        Stage::Wheels => wheels(job).await,
        Stage::Libraries => install(job).await,
        Stage::Compile => finish::compile(&job.chamber()?, job.reporter).await,
        Stage::Seal => seal(job).await,
    }
}

async fn unpack(job: &Job<'_>) -> Result<(), ImageError> {
    let (archive, root) = (job.work.archive(), job.work.root());
    Work::clear(&root)?;
    let reporter = job.reporter.clone();
    tokio::task::spawn_blocking(move || {
        let file = File::open(&archive).map_err(|error| ImageError::file("open", &archive, &error))?;
        let total = file.metadata().map_or(0, |about| about.len());
        let opened = Root::open(&root).map_err(|error| ImageError::file("open", &root, &error))?;
        layer::add(&opened, BufReader::new(file), &mut Allowance::default(), |bytes| {
            reporter.step(bytes, total);
        })?;
        prepare(&opened)
    })
    .await
    .map_err(|_| ImageError::cut())?
}

async fn seal(job: &Job<'_>) -> Result<(), ImageError> {
    let recipe = &job.request.recipe;
    let mirror = job.request.mirror();
    let finishing = Finishing {
        id: recipe.id(),
        image: job.work.image(),
        origin: Origin::Recipe {
            recipe_sha256: recipe.sha256(),
            release: RELEASE.to_owned(),
            mirror: mirror.map(|uri| without_credentials(&uri)),
        },
        built_at: job.request.built_at.clone(),
        wheels: Some(job.work.wheels()),
        requirements: recipe.requirements.as_ref().map(|requirements| requirements.text().to_owned()),
        is_compiled: true,
    };
    finish::seal(finishing, job.reporter).await
}
