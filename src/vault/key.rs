//! One person's key and its file: made durably before anything is sealed under it, wiped from memory when dropped.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{AeadInOut as _, KeyInit as _},
};
use rand::Rng as _;
use zeroize::Zeroizing;

use crate::{domain::PersonId, log::owned};

/// Tells a key from another of the same person: 8 hex digits where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyId(pub(super) u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl KeyId {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        u32::from_str_radix(text, 16).ok().filter(|_| fits).map(Self)
    }
}

/// Bytes of a nonce: random, and long enough never to meet itself.
pub(super) const NONCE_BYTES: usize = 24;
/// Bytes of a tag.
const TAG_BYTES: usize = 16;
/// What one sealing adds.
pub(super) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;
const KEY_BYTES: usize = 32;
/// No key file is longer.
const FILE_BYTES_MAX: u64 = 4096;

/// A person's key. The cipher holds the 32 bytes and wipes them when it is dropped.
pub(super) struct PersonKey {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl PersonKey {
    fn new(id: KeyId, bytes: &[u8; KEY_BYTES]) -> Self {
        Self { id, cipher: XChaCha20Poly1305::new(bytes.into()) }
    }

    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    /// A new key, and how it is written.
    pub(super) fn fresh(person: PersonId) -> (Self, Zeroizing<String>) {
        let mut random = rand::rng();
        let id = KeyId(random.next_u32());
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random.fill_bytes(&mut *bytes);
        (Self::new(id, &bytes), written(person, id, &bytes))
    }

    /// Makes a key and its file. When this returns it outlives a power cut.
    pub(super) fn create(path: &Path, person: PersonId) -> io::Result<Self> {
        // A key is never written over, whoever put it there; the log's lock keeps other processes away.
        if path.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a key already: start again to use it"));
        }
        let (key, text) = Self::fresh(person);
        // What a process that died in here left is replaced: nothing was sealed under it yet.
        owned::replace(path, text.as_bytes())?;
        Ok(key)
    }

    /// Reads a key from its file.
    pub(super) fn read(path: &Path, person: PersonId) -> io::Result<Self> {
        let text = Self::read_text(path)?;
        let damaged =
            || io::Error::new(io::ErrorKind::InvalidData, "it is damaged: put it back from your copy of keys/");
        Self::parse(&text, person).ok_or_else(damaged)
    }

    /// What stands in a key's file.
    pub(super) fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::new());
        File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    }

    /// A key as it is written; `None`: it is damaged, or somebody else's.
    pub(super) fn parse(text: &str, person: PersonId) -> Option<Self> {
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::trim);
        let id = field("id").and_then(KeyId::parse)?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let read = BASE64.decode_slice(field("key")?, &mut *bytes).ok();
        (read == Some(KEY_BYTES) && *written(person, id, &bytes) == *text).then(|| Self::new(id, &bytes))
    }

    /// Seals `bytes` in place, the nonce before them and the tag behind.
    pub(super) fn seal(&self, bound_to: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(bytes.len() + OVERHEAD_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(bytes);
        let nonce = XNonce::from(nonce);
        // It fails for texts of 256 GB only.
        let tag = self.cipher.encrypt_inout_detached(&nonce, bound_to, (&mut sealed[NONCE_BYTES..]).into()).ok()?;
        sealed.extend_from_slice(&tag);
        Some(sealed)
    }

    /// Opens what [`PersonKey::seal`] gave for the same place; `None`: it is something else.
    pub(super) fn open(&self, bound_to: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let end = sealed.len().checked_sub(TAG_BYTES).filter(|&end| end >= NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = sealed[..NONCE_BYTES].try_into().ok()?;
        let tag: [u8; TAG_BYTES] = sealed[end..].try_into().ok()?;
        let bytes = &mut sealed[NONCE_BYTES..end];
        self.cipher.decrypt_inout_detached(&nonce.into(), bound_to, bytes.into(), &tag.into()).ok()?;
        sealed.truncate(end);
        sealed.drain(..NONCE_BYTES);
        Some(sealed)
    }
}

/// The file, checksum included: a key that was copied badly is known before anything is taken for damaged.
fn written(person: PersonId, id: KeyId, bytes: &[u8; KEY_BYTES]) -> Zeroizing<String> {
    let key = Zeroizing::new(BASE64.encode(bytes));
    let text = Zeroizing::new(format!("yoman key 1\nperson {}\nid {id}\nkey {}\n", person.0, *key));
    let check = crc32c::crc32c(text.as_bytes());
    Zeroizing::new(format!("{}check {check:08x}\n", *text))
}

/// Overwrites a key, then removes it. What the disk itself keeps of the old bytes is beyond a program's reach.
pub(super) fn destroy(path: &Path) -> io::Result<()> {
    match owned::options().write(true).open(path) {
        Ok(mut file) => {
            let bytes = usize::try_from(file.metadata()?.len().min(FILE_BYTES_MAX)).unwrap_or_default();
            let mut noise = vec![0; bytes];
            rand::rng().fill_bytes(&mut noise);
            file.seek(io::SeekFrom::Start(0))?;
            file.write_all(&noise)?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    fs::remove_file(path)?;
    owned::sync_name(path)
}

/// Leaves an empty file that outlives a power cut.
pub(super) fn mark(path: &Path) -> io::Result<()> {
    owned::options().write(true).create(true).truncate(true).open(path)?.sync_all()?;
    owned::sync_name(path)
}
