//! Where events come from: files, folders and standard input, gzipped or not.
//!
//! Knows nothing of events. Folders are walked in the order of their names; what cannot be opened
//! is handed back as an error beside the rest, so that one bad file never hides a good one.

use std::{
    cell::Cell,
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

/// Large enough that system calls do not show, small enough that memory stays flat.
const BUFFER: usize = 256 * 1024;

/// CloudWatch Logs and Kinesis deliver a few megabytes at most.
const LARGEST_INFLATED: u64 = 64 * 1024 * 1024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Extensions that are read in a folder. A file that is named on the command line is always read.
const EXTENSIONS: [&str; 5] = ["json", "jsonl", "ndjson", "log", "gz"];

/// Where a trail keeps the signatures of its files, beside the files: JSON, but no events.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>.
const DIGESTS: &str = "CloudTrail-Digest";

/// A file, folder or stream that could not be read.
#[derive(Debug, Error)]
#[error("`{name}` cannot be read")]
pub struct InputError {
    /// As it was named, or found.
    pub name: String,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// One file to read, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What `source` in the output calls it.
    pub name: String,
    /// `None`: standard input.
    pub path: Option<PathBuf>,
    /// Its size, where one is known.
    pub bytes: Option<u64>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Listing {
    /// What to read, in order.
    pub inputs: Vec<Input>,
    /// What could not be looked into.
    pub errors: Vec<InputError>,
    /// Files in folders that are left out because of their extension.
    pub skipped: usize,
    /// Folders named on the command line in which there is nothing to read.
    pub empty: Vec<String>,
}

impl Listing {
    /// All bytes to read, if every size is known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input.bytes).try_fold(0_u64, |sum, bytes| {
            let bytes = bytes?;
            Some(sum.saturating_add(bytes))
        })
    }
}

/// Finds what there is to read.
#[must_use]
pub fn list(paths: &[PathBuf]) -> Listing {
    let mut listing = Listing::default();
    for path in paths {
        if path == Path::new("-") {
            let input = Input { name: "-".to_owned(), path: None, bytes: None };
            listing.inputs.push(input);
            continue;
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let before = (listing.inputs.len(), listing.errors.len());
                walk(path, &mut listing);
                if before == (listing.inputs.len(), listing.errors.len()) {
                    listing.empty.push(name_of(path));
                }
            }
            Ok(found) => listing.inputs.push(file(path, found.is_file().then_some(found.len()))),
            Err(source) => listing.errors.push(InputError { name: name_of(path), source }),
        }
    }
    listing
}

fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn file(path: &Path, bytes: Option<u64>) -> Input {
    Input { name: name_of(path), path: Some(path.to_owned()), bytes }
}

/// Depth first, names in order. Symbolic links are followed, but no folder is read twice: one that
/// links to itself would never end.
fn walk(folder: &Path, listing: &mut Listing) {
    let mut pending = vec![folder.to_owned()];
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    while let Some(path) = pending.pop() {
        let is_folder = match fs::metadata(&path) {
            Ok(found) => found.is_dir(),
            // What it is cannot be known, so neither that it may be left out.
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                listing.errors.push(InputError { name: name_of(&path), source });
                continue;
            }
            Err(_) => false,
        };
        if is_folder && path != folder && path.file_name() == Some(OsStr::new(DIGESTS)) {
            continue;
        }
        if is_folder || path == folder {
            match fs::canonicalize(&path) {
                Ok(real) => {
                    if !seen.insert(real) {
                        continue;
                    }
                }
                Err(source) => {
                    listing.errors.push(InputError { name: name_of(&path), source });
                    continue;
                }
            }
            match entries(&path) {
                // The stack hands back the last one first.
                Ok(found) => pending.extend(found.into_iter().rev()),
                Err(source) => listing.errors.push(InputError { name: name_of(&path), source }),
            }
            continue;
        }
        if !is_event_file(&path) {
            listing.skipped = listing.skipped.saturating_add(1);
            continue;
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => listing.inputs.push(file(&path, Some(found.len()))),
            Ok(_) => listing.skipped = listing.skipped.saturating_add(1),
            Err(source) => listing.errors.push(InputError { name: name_of(&path), source }),
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn is_event_file(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).map_or_else(
        || path.extension().is_none(),
        |extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)),
    )
}

/// Counts the bytes that were read from the disk, for the progress bar.
#[derive(Debug, Clone, Default)]
pub struct Counter(Rc<Cell<u64>>);

impl Counter {
    /// Bytes so far, all inputs together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.get()
    }
}

struct Counted<R> {
    inner: R,
    counter: Counter,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let sum = self.counter.bytes().saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        self.counter.0.set(sum);
        Ok(read)
    }
}

/// Opens an input. Gzip is told by its first bytes, not by its name; a byte order mark is dropped.
///
/// # Errors
/// What the system says when the file cannot be opened or its beginning cannot be read.
pub fn open(input: &Input, counter: &Counter) -> Result<Box<dyn BufRead>, InputError> {
    let failed = |source| InputError { name: input.name.clone(), source };
    let raw: Box<dyn Read> = match &input.path {
        None => Box::new(io::stdin()),
        Some(path) => Box::new(File::open(path).map_err(failed)?),
    };
    let source = Counted { inner: raw, counter: counter.clone() };
    decoded(BufReader::with_capacity(BUFFER, source)).map_err(failed)
}

/// Undoes compression inside wrappings, up to a size that no delivery reaches.
///
/// # Errors
/// Why it cannot be undone.
pub fn inflate(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let most = LARGEST_INFLATED.saturating_add(1);
    let mut reader = MultiGzDecoder::new(bytes).take(most);
    let read = reader.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    if u64::try_from(read).unwrap_or(u64::MAX) > LARGEST_INFLATED {
        return Err(format!("it unpacks to more than {LARGEST_INFLATED} bytes"));
    }
    Ok(plain)
}

/// Unzips what is gzipped (once), and drops a byte order mark.
fn decoded(reader: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let (head, reader) = peek::<2>(reader)?;
    if head == GZIP_MAGIC {
        // Several members in a row are one file: so CloudWatch Logs exports, and `cat *.gz`.
        let unzipped = MultiGzDecoder::new(reader);
        return without_mark(BufReader::with_capacity(BUFFER, unzipped));
    }
    without_mark(reader)
}

fn without_mark(reader: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let (head, mut reader) = peek::<3>(reader)?;
    if head == BYTE_ORDER_MARK {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(Box::new(reader))
}

/// The first bytes (fewer when the input is shorter), and a reader that begins with them again.
fn peek<const N: usize>(mut reader: impl BufRead) -> io::Result<(Vec<u8>, impl BufRead)> {
    let mut head = Vec::with_capacity(N);
    let most = u64::try_from(N).unwrap_or(u64::MAX);
    reader.by_ref().take(most).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(reader)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// A folder of its own for each test, empty at its start.
    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("snapback-input-{}-{name}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(listing: &Listing, folder: &Path) -> Vec<String> {
        let prefix = format!("{}/", folder.display());
        listing
            .inputs
            .iter()
            .map(|input| input.name.strip_prefix(&prefix).unwrap().to_owned())
            .collect()
    }

    fn zipped(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        decoded(io::Cursor::new(bytes.to_vec()))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn walks_in_the_order_of_names_and_leaves_out_what_is_hidden_or_no_event() {
        let folder = folder("order");
        fs::create_dir_all(folder.join("b/.git")).unwrap();
        for name in
            ["c.json", "b/2.jsonl", "b/1.JSON", "b/.git/x.json", ".hidden.json", "a.md", "plain"]
        {
            fs::write(folder.join(name), "{}").unwrap();
        }
        let listing = list(std::slice::from_ref(&folder));
        assert_eq!(names(&listing, &folder), ["b/1.JSON", "b/2.jsonl", "c.json", "plain"]);
        assert_eq!((listing.skipped, listing.errors.len()), (1, 0));
        assert_eq!(listing.bytes(), Some(8));
    }

    #[test]
    fn the_signatures_of_a_trail_are_no_events_unless_they_are_asked_for() {
        let folder = folder("digests");
        for part in ["CloudTrail", DIGESTS] {
            fs::create_dir_all(folder.join(part)).unwrap();
            fs::write(folder.join(part).join("a.json"), "{}").unwrap();
        }
        let listing = list(std::slice::from_ref(&folder));
        assert_eq!(names(&listing, &folder), ["CloudTrail/a.json"]);
        assert_eq!(list(&[folder.join(DIGESTS)]).inputs.len(), 1);
    }

    #[test]
    fn a_named_file_is_read_whatever_its_extension() {
        let folder = folder("named");
        let path = folder.join("events.txt");
        fs::write(&path, "{}").unwrap();
        assert_eq!(list(&[path]).inputs.len(), 1);
        let listing = list(std::slice::from_ref(&folder));
        assert_eq!((listing.skipped, listing.empty.len()), (1, 1));
    }

    #[test]
    fn a_path_that_does_not_exist_is_an_error_beside_the_rest() {
        let listing = list(&[PathBuf::from("no-such-file.json"), PathBuf::from("-")]);
        assert_eq!(
            listing.errors.first().map(|error| error.name.as_str()),
            Some("no-such-file.json")
        );
        assert_eq!(listing.inputs.first().map(|input| input.name.as_str()), Some("-"));
        assert_eq!(listing.bytes(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_links_to_itself_ends() {
        let folder = folder("loop");
        fs::write(folder.join("a.json"), "{}").unwrap();
        std::os::unix::fs::symlink(&folder, folder.join("again")).unwrap();
        std::os::unix::fs::symlink(folder.join("a.json"), folder.join("z.json")).unwrap();
        std::os::unix::fs::symlink(folder.join("gone.json"), folder.join("x.json")).unwrap();
        let listing = list(std::slice::from_ref(&folder));
        assert_eq!(names(&listing, &folder), ["a.json", "z.json"]);
        assert_eq!(listing.errors.len(), 1, "the link to nowhere is told");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_elsewhere_is_followed_once() {
        let (folder, archive) = (folder("links"), folder("links-archive"));
        fs::write(archive.join("a.json"), "{}").unwrap();
        for name in ["2025", "2026"] {
            std::os::unix::fs::symlink(&archive, folder.join(name)).unwrap();
        }
        assert_eq!(names(&list(std::slice::from_ref(&folder)), &folder), ["2025/a.json"]);
    }

    #[test]
    fn gzip_is_told_by_its_bytes_and_several_members_are_one_file() {
        let mut members = zipped("{\"a\":1}\n");
        members.extend(zipped("{\"b\":2}\n"));
        assert_eq!(read(&members).unwrap(), "{\"a\":1}\n{\"b\":2}\n");
        assert_eq!(read(b"plain").unwrap(), "plain");
        assert_eq!(read(b"").unwrap(), "");
        assert_eq!(read(&[0x1f]).unwrap(), "\u{1f}", "one byte is no magic");
    }

    #[test]
    fn a_truncated_gzip_is_an_error_after_what_could_be_read() {
        let whole = zipped(&"{\"a\":1}\n".repeat(2000));
        let half = whole.get(..whole.len() - 12).unwrap();
        let mut text = String::new();
        let mut reader = decoded(io::Cursor::new(half.to_vec())).unwrap();
        let mut ended = Ok(1);
        while matches!(ended, Ok(read) if read > 0) {
            ended = reader.read_line(&mut text);
        }
        assert!(text.starts_with("{\"a\":1}\n"));
        assert!(ended.is_err());
    }

    #[test]
    fn a_byte_order_mark_is_dropped_also_inside_gzip() {
        assert_eq!(read(b"\xef\xbb\xbf{}").unwrap(), "{}");
        assert_eq!(read(&zipped("\u{feff}{}")).unwrap(), "{}");
        assert_eq!(read(b"\xef\xbb").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
