//! All spellings of all secrets in one sorted table, and the question asked of it at each place of a text: which is
//! the longest spelling that begins here, and could a longer one still begin here when more text comes?
//!
//! A place is looked up in three steps, each rarely reached from the one before: a bitmap of hashed 4-byte
//! beginnings (at most 32 KiB, so it stays in the first-level cache), a hash table of the exact beginnings, and a
//! binary search among the spellings that share one. This was chosen over an Aho-Corasick automaton because output
//! seldom holds a secret, and an automaton pays for every byte of every spelling. For 100 API keys of 40 characters
//! the table holds about 120 KB and masks some 500 MB/s; a contiguous NFA over the same spellings holds 456 KB and
//! falls to 100-300 MB/s in text that looks like base64; a DFA is as quick and holds 16 MB (benches/masking.rs).
//! Asking four places per branch was tried and gained nothing.

use zeroize::Zeroizing;

/// Every spelling has at least this many bytes; shorter ones are dropped, since they are in every text.
pub(super) const BEGINNING_BYTES: usize = 4;
/// Longer spellings are cut into pieces of at most this length. So a long secret is masked also where only a part
/// of it is printed, a stream never holds back more than this, and one place of a hostile text costs a bounded
/// number of comparisons of bounded length.
const PIECE_BYTES_MAX: usize = 256;
/// Bits of the bitmap per beginning: with 64, one place in 64 of a random text passes by mistake.
const FILTER_BITS_PER_BEGINNING: usize = 64;
const FILTER_BITS_MAX: usize = 1 << 18;

/// One spelling, or one piece of a long one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Pattern {
    start: u32,
    /// Index of the longest other pattern that this one begins with; `u32::MAX` for none.
    shorter: u32,
    pub(super) secret: u32,
    length: u16,
    /// A piece that continues the one before: right after a masked place of its secret it is the same occurrence.
    pub(super) continues: bool,
}

impl Pattern {
    pub(super) fn len(&self) -> usize {
        usize::from(self.length)
    }
}

/// What the table knows about one place of a text.
pub(super) struct Seen<'a> {
    pub(super) longest: Option<&'a Pattern>,
    /// The text from here to its end is the beginning of a longer pattern.
    pub(super) may_grow: bool,
}

pub(super) struct Table {
    bytes: Zeroizing<Vec<u8>>,
    patterns: Vec<Pattern>,
    groups: Groups,
    filter: Filter,
    /// What stands in the place of each secret.
    pub(super) labels: Vec<String>,
}

/// A text to look for and the index of its secret.
pub(super) struct Spelling {
    pub(super) text: Zeroizing<String>,
    pub(super) secret: u32,
}

struct Piece<'a> {
    text: &'a [u8],
    secret: u32,
    continues: bool,
}

impl Table {
    pub(super) fn new(labels: Vec<String>, spellings: &[Spelling]) -> Self {
        let mut pieces: Vec<Piece<'_>> = spellings.iter().flat_map(pieces).collect();
        // Stable: of two secrets with one value the first one gives its name.
        pieces.sort_by(|a, b| a.text.cmp(b.text));
        pieces.dedup_by(|later, first| later.text == first.text);
        let mut bytes = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.text.len()).sum()));
        let mut patterns = Vec::with_capacity(pieces.len());
        // Indices of the patterns that the current one begins with, shortest first.
        let mut open: Vec<usize> = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            while open.pop_if(|shorter| !piece.text.starts_with(pieces[*shorter].text)).is_some() {}
            patterns.push(Pattern {
                start: index_u32(bytes.len()),
                shorter: open.last().map_or(u32::MAX, |shorter| index_u32(*shorter)),
                secret: piece.secret,
                length: u16::try_from(piece.text.len()).unwrap_or(u16::MAX),
                continues: piece.continues,
            });
            bytes.extend_from_slice(piece.text);
            open.push(index);
        }
        let groups = Groups::new(&pieces);
        let filter = Filter::new(groups.beginnings());
        Self { bytes, patterns, groups, filter, labels }
    }

    /// The next place at or after `from` where a pattern may begin, judged by its first bytes alone.
    pub(super) fn next_candidate(&self, text: &[u8], from: usize) -> Option<usize> {
        let places = text.get(from..)?.windows(BEGINNING_BYTES);
        places.map(beginning).position(|beginning| self.filter.has(beginning)).map(|place| from + place)
    }

    /// Looks at the beginning of `rest`.
    pub(super) fn look(&self, rest: &[u8]) -> Seen<'_> {
        let (first, end) = match rest.get(..BEGINNING_BYTES) {
            Some(bytes) => self.groups.find(beginning(bytes)),
            None => (0, self.patterns.len()),
        };
        let group = &self.patterns[first..end];
        let after = group.partition_point(|pattern| self.text_of(pattern) <= rest);
        // Whatever pattern `rest` begins with, the last pattern not after `rest` begins with it too or is it.
        let mut longest = group[..after].last();
        while let Some(pattern) = longest.filter(|pattern| !rest.starts_with(self.text_of(pattern))) {
            longest = self.patterns.get(pattern.shorter as usize);
        }
        let may_grow = group.get(after).is_some_and(|pattern| self.text_of(pattern).starts_with(rest));
        Seen { longest, may_grow }
    }

    /// Memory held, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity()
            + size_of_val(self.patterns.as_slice())
            + size_of_val(self.groups.slots.as_slice())
            + size_of_val(self.filter.words.as_slice())
            + self.labels.iter().map(String::capacity).sum::<usize>()
    }

    fn text_of(&self, pattern: &Pattern) -> &[u8] {
        &self.bytes[pattern.start as usize..][..pattern.len()]
    }
}

/// A spelling cut evenly at character borders.
fn pieces(spelling: &Spelling) -> Vec<Piece<'_>> {
    let text = spelling.text.as_str();
    let count = text.len().div_ceil(PIECE_BYTES_MAX);
    let borders: Vec<usize> =
        (0..=count).map(|n| text.floor_char_boundary(text.len() * n / count.max(1))).collect();
    let ranges = borders.windows(2).enumerate();
    let pieces = ranges.map(|(index, range)| Piece {
        text: &text.as_bytes()[range[0]..range[1]],
        secret: spelling.secret,
        continues: index > 0,
    });
    pieces.filter(|piece| piece.text.len() >= BEGINNING_BYTES).collect()
}

/// Which range of the sorted patterns has a given beginning: open addressing over at most half-full slots.
struct Groups {
    slots: Vec<Group>,
}

#[derive(Clone, Copy, Default)]
struct Group {
    beginning: u32,
    first: u32,
    /// Equal to `first` in an empty slot.
    end: u32,
}

impl Groups {
    fn new(sorted: &[Piece<'_>]) -> Self {
        let same = |a: &Piece<'_>, b: &Piece<'_>| a.text[..BEGINNING_BYTES] == b.text[..BEGINNING_BYTES];
        let count = sorted.chunk_by(same).count();
        let mut groups = Self { slots: vec![Group::default(); (count * 2).next_power_of_two()] };
        let mut first = 0;
        for group in sorted.chunk_by(same) {
            let end = first + index_u32(group.len());
            groups.insert(Group { beginning: beginning(group[0].text), first, end });
            first = end;
        }
        groups
    }

    fn insert(&mut self, group: Group) {
        let mut slot = self.home(group.beginning);
        while self.slots[slot].first != self.slots[slot].end {
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = group;
    }

    fn find(&self, beginning: u32) -> (usize, usize) {
        let mut slot = self.home(beginning);
        loop {
            let group = self.slots[slot];
            if group.first == group.end || group.beginning == beginning {
                return (group.first as usize, group.end as usize);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    fn beginnings(&self) -> impl Iterator<Item = u32> + Clone {
        self.slots.iter().filter(|group| group.first != group.end).map(|group| group.beginning)
    }

    fn home(&self, beginning: u32) -> usize {
        // The low half of the product's upper bits; the filter uses the top ones.
        (hash(beginning) >> 8) as usize & (self.slots.len() - 1)
    }
}

/// One bit per hashed beginning.
struct Filter {
    words: Vec<u64>,
    shift: u32,
}

impl Filter {
    fn new(beginnings: impl Iterator<Item = u32> + Clone) -> Self {
        let wanted = beginnings.clone().count() * FILTER_BITS_PER_BEGINNING;
        let bits = wanted.next_power_of_two().clamp(1 << 10, FILTER_BITS_MAX);
        let mut filter = Self { words: vec![0; bits / 64], shift: 32 - bits.trailing_zeros() };
        for beginning in beginnings {
            let place = hash(beginning) >> filter.shift;
            filter.words[place as usize / 64] |= 1 << (place % 64);
        }
        filter
    }

    #[inline]
    fn has(&self, beginning: u32) -> bool {
        let place = hash(beginning) >> self.shift;
        self.words[place as usize / 64] >> (place % 64) & 1 == 1
    }
}

/// Multiplication by the golden ratio spreads the bytes into the upper bits.
#[inline]
fn hash(beginning: u32) -> u32 {
    beginning.wrapping_mul(0x9E37_79B1)
}

#[inline]
fn beginning(text: &[u8]) -> u32 {
    u32::from_le_bytes([text[0], text[1], text[2], text[3]])
}

/// The bounds of what a guru may hold (200 secrets of 32 KiB, some thirty spellings each) stay far below 4 GiB.
fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("the spellings of a guru's secrets fit into 4 GiB")
}
