use tidegate_sim::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let t = std::time::Instant::now();
    let g = Generator::new(Configuration::new(a[2].parse().unwrap(), 2026, a[3].parse().unwrap())).unwrap();
    println!("world {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let w = g.write_parquet(format!("{}/t", a[1]).as_ref(), format!("{}/truth", a[1]).as_ref(), a[4].parse().unwrap(), |_| ()).unwrap();
    println!("{w:?} {:?}", t.elapsed());
    if a.len() > 5 {
        let t = std::time::Instant::now();
        let w = g.write_csv(format!("{}/c/x.csv", a[1]).as_ref(), format!("{}/ctruth", a[1]).as_ref(), 1, |_| ()).unwrap();
        println!("csv {w:?} {:?}", t.elapsed());
    }
}
