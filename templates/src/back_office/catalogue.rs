//! What the company's shop sells.

/// A product with its variants.
#[derive(Debug)]
pub(super) struct Product {
    pub code: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    /// In cents.
    pub price: i64,
    pub variants: &'static [Variant],
}

#[derive(Debug)]
pub(super) struct Variant {
    pub code: &'static str,
    pub name: &'static str,
    pub berlin: u32,
    pub austin: u32,
    /// Days until more arrive; None when none are ordered.
    pub restock_days: Option<i64>,
}

const fn v(
    code: &'static str,
    name: &'static str,
    berlin: u32,
    austin: u32,
    restock_days: Option<i64>,
) -> Variant {
    Variant { code, name, berlin, austin, restock_days }
}

pub(super) static PRODUCTS: [Product; 12] = [
    Product {
        code: "AUR-DL",
        name: "Aurora desk lamp",
        category: "Lighting",
        price: 8_900,
        variants: &[
            v("BLK", "Black", 9, 5, None),
            v("WHT", "White", 20, 11, None),
            v("BRS", "Brass", 0, 0, Some(6)),
        ],
    },
    Product {
        code: "NIM-OC",
        name: "Nimbus office chair",
        category: "Seating",
        price: 32_900,
        variants: &[
            v("GRY", "Grey", 3, 0, Some(20)),
            v("BLK", "Black", 0, 0, Some(12)),
            v("GRN", "Green", 4, 3, None),
        ],
    },
    Product {
        code: "TER-BP",
        name: "Terra backpack",
        category: "Bags",
        price: 12_900,
        variants: &[
            v("SND", "Sand", 0, 0, Some(9)),
            v("GRN", "Green", 0, 0, Some(9)),
            v("BLK", "Black", 0, 0, None),
        ],
    },
    Product {
        code: "BOR-SD",
        name: "Boreal standing desk",
        category: "Desks",
        price: 54_900,
        variants: &[
            v("OAK", "Oak", 2, 3, None),
            v("WAL", "Walnut", 0, 0, Some(15)),
            v("WHT", "White", 8, 4, None),
        ],
    },
    Product {
        code: "LUM-FL",
        name: "Lumen floor lamp",
        category: "Lighting",
        price: 14_900,
        variants: &[v("BLK", "Black", 6, 2, None), v("CHR", "Chrome", 0, 0, None)],
    },
    Product {
        code: "PIC-KB",
        name: "Pico keyboard",
        category: "Electronics",
        price: 4_990,
        variants: &[
            v("US", "US layout", 10, 30, None),
            v("DE", "German layout", 6, 0, None),
            v("FR", "French layout", 0, 0, Some(4)),
        ],
    },
    Product {
        code: "SOL-TF",
        name: "Solstice table fan",
        category: "Electronics",
        price: 2_450,
        variants: &[v("WHT", "White", 80, 40, None), v("BLK", "Black", 12, 32, None)],
    },
    Product {
        code: "ORB-WC",
        name: "Orbit wall clock",
        category: "Decoration",
        price: 5_900,
        variants: &[v("WAL", "Walnut", 2, 0, None), v("STL", "Steel", 10, 8, None)],
    },
    Product {
        code: "DRI-DM",
        name: "Drift desk mat",
        category: "Desks",
        price: 1_990,
        variants: &[v("GRY", "Grey", 60, 45, None), v("BLU", "Blue", 0, 14, None)],
    },
    Product {
        code: "HAL-MA",
        name: "Halo monitor arm",
        category: "Desks",
        price: 7_900,
        variants: &[v("SGL", "Single", 17, 9, None), v("DBL", "Double", 0, 0, Some(3))],
    },
    Product {
        code: "COV-BS",
        name: "Cove bookshelf",
        category: "Storage",
        price: 19_900,
        variants: &[v("OAK", "Oak", 1, 0, Some(25)), v("WHT", "White", 5, 6, None)],
    },
    Product {
        code: "FJO-TB",
        name: "Fjord throw blanket",
        category: "Decoration",
        price: 3_900,
        variants: &[v("SND", "Sand", 25, 12, None), v("BLU", "Blue", 18, 0, None)],
    },
];

impl Variant {
    pub(super) const fn available(&self) -> u32 {
        self.berlin + self.austin
    }
}

/// Product and variant by article number, such as `PIC-KB-DE`.
pub(super) fn article(sku: &str) -> Option<(&'static Product, &'static Variant)> {
    let (product, variant) = sku.rsplit_once('-')?;
    let product = PRODUCTS.iter().find(|candidate| candidate.code.eq_ignore_ascii_case(product))?;
    let variant = product.variants.iter().find(|candidate| candidate.code.eq_ignore_ascii_case(variant))?;
    Some((product, variant))
}
