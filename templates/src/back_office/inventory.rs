//! The inventory: products, variants, stock per warehouse.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderName, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    catalogue::{PRODUCTS, Product, Variant},
    clock::{DAY, iso_seconds},
    keys::{self, Door, in_house_error},
    params::Params,
};

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/v1/products", get(list_products))
        .route("/v1/products/{code}", get(show_product))
        .fallback(async || {
            in_house_error(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
        });
    let door = Door::in_house(HeaderName::from_static("x-api-key"), keys::INVENTORY_API_KEY.to_owned());
    keys::guarded(routes, door, data)
}

fn shape(data: &BackOffice, product: &Product, asked: &[String]) -> Value {
    let variant = |variant: &Variant| {
        json!({
            "sku": format!("{}-{}", product.code, variant.code), "name": variant.name, "matches": matches(variant, asked),
            "available": variant.available(),
            "stock": [{"location": "Berlin", "available": variant.berlin}, {"location": "Austin", "available": variant.austin}],
            "price": {"amount": product.price, "currency": "usd"},
            "restock_at": variant.restock_days.map(|days| iso_seconds(data.now().plus_ms(days * DAY))),
        })
    };
    let variants: Vec<_> = product.variants.iter().map(variant).collect();
    json!({"code": product.code, "name": product.name, "category": product.category, "variants": variants})
}

fn matches(variant: &Variant, asked: &[String]) -> bool {
    let name = words(variant.name);
    asked.is_empty() || asked.iter().all(|word| name.iter().any(|own| alike(own, word)))
}

/// Words of a name as they are compared: lower case, without filling words and the plural's s.
fn words(text: &str) -> Vec<String> {
    const FILLING: [&str; 6] = ["the", "a", "in", "with", "colour", "color"];
    let text = text.to_lowercase().replace("gray", "grey");
    let split = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    split
        .filter(|word| !FILLING.contains(word))
        .map(|word| word.strip_suffix('s').filter(|rest| rest.len() > 3).unwrap_or(word).to_owned())
        .collect()
}

/// Equal, or but for one slip of the finger in a word long enough to tell.
fn alike(own: &str, asked: &str) -> bool {
    own == asked || (own.chars().count() >= 4 && slips(own, asked) == 1)
}

/// Letters to add, drop, change or swap with their neighbour to get from one word to the other.
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(table[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    table[a.len()][b.len()]
}

/// Products whose name holds the words asked for; words that name a variant instead count for that.
async fn list_products(State(data): State<BackOffice>, params: Params) -> Result<Json<Value>, Response> {
    let Some(query) = params.get("q") else {
        return Err(in_house_error(
            StatusCode::BAD_REQUEST,
            "missing_parameter",
            "Give a product's name as `q`.",
        ));
    };
    let (query, asked) = (words(query), words(params.get("variant").unwrap_or_default()));
    let mut found: Vec<_> =
        PRODUCTS.iter().filter_map(|product| Some((score(product, &query)?, product))).collect();
    let best = found.iter().map(|(score, _)| *score).max();
    found.retain(|(score, _)| Some(*score) == best);
    let limit = params.count("limit", 20, 100);
    let offset = params.get("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0);
    let total = found.len();
    let products: Vec<_> =
        found.iter().skip(offset).take(limit).map(|(_, product)| shape(&data, product, &asked)).collect();
    Ok(Json(json!({"products": products, "total": total})))
}

/// How many of the words asked for are in the product's name; None when too few are to mean it.
fn score(product: &Product, query: &[String]) -> Option<usize> {
    let name = words(product.name);
    let hits = query.iter().filter(|word| name.iter().any(|own| alike(own, word))).count();
    let names_it = query.iter().any(|word| alike(&name[0], word)) || hits == query.len();
    (hits > 0 && names_it && hits * 2 >= query.len()).then_some(hits)
}

async fn show_product(
    State(data): State<BackOffice>,
    Path(code): Path<String>,
) -> Result<Json<Value>, Response> {
    let no_such =
        || in_house_error(StatusCode::NOT_FOUND, "no_such_product", "There is no product of that code.");
    let product =
        PRODUCTS.iter().find(|product| product.code.eq_ignore_ascii_case(&code)).ok_or_else(no_such)?;
    Ok(Json(shape(&data, product, &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expect: &[&str]) {
        let query = words(query);
        let found =
            PRODUCTS.iter().filter(|product| score(product, &query).is_some()).map(|product| product.code);
        assert_eq!(found.collect::<Vec<_>>(), expect, "{query:?}");
    }

    #[test]
    fn products_are_found_as_people_write_them() {
        check("Aurora desk lamp", &["AUR-DL"]);
        check("aurora desk lmap", &["AUR-DL"]);
        check("Aurora desk lamps", &["AUR-DL"]);
        check("the nimbus", &["NIM-OC"]);
        check("desk lamp", &["AUR-DL"]);
        check("lamp", &["AUR-DL", "LUM-FL"]);
        check("coffee machine", &[]);
    }

    #[test]
    fn variants_are_found_as_people_write_them() {
        let Some(keyboard) = PRODUCTS.iter().find(|product| product.code == "PIC-KB") else { panic!("sold") };
        let found =
            |asked: &str| keyboard.variants.iter().filter(|variant| matches(variant, &words(asked))).count();
        assert_eq!(found("German"), 1);
        assert_eq!(found("german layout"), 1);
        assert_eq!(found(""), 3);
        assert_eq!(found("Dvorak"), 0);
    }
}
