//! Within a crate imports point one way: no cycle between files or folders, and no two public types of one name.
//!
//! Read by syn, without building anything. An edge is an import or a path that names another file's item. `mod`
//! declarations and re-exports are no edges: a name that a file re-exports is looked up where it is defined. Items under
//! `cfg(test)` are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, File, Ident, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

use crate::packages::{Package, workspace};
use crate::sources::{Faults, read, root};

/// A chain of re-exports that is longer is a circle.
const REEXPORTS_MAX: usize = 16;

#[test]
fn imports_between_the_files_of_a_crate_form_no_cycle() {
    let mut faults = Faults::default();
    for package in workspace().values() {
        let source = Crate::of(package);
        source.add_cycles(&source.edges(), &mut faults);
    }
    faults.assert_none();
}

#[test]
fn imports_between_the_folders_of_a_crate_form_no_cycle() {
    let mut faults = Faults::default();
    for package in workspace().values() {
        let source = Crate::of(package);
        let mut edges: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (from, targets) in source.edges() {
            let from = source.folder_of(&from);
            let targets = targets.iter().map(|to| source.folder_of(to)).filter(|to| *to != from);
            edges.entry(from.clone()).or_default().extend(targets);
        }
        source.add_cycles(&edges, &mut faults);
    }
    faults.assert_none();
}

#[test]
fn no_crate_has_two_public_types_of_one_name() {
    let mut faults = Faults::default();
    for package in workspace().values() {
        let source = Crate::of(package);
        let mut first: BTreeMap<&str, &Path> = BTreeMap::new();
        for module in source.modules.values() {
            for name in &module.public_types {
                if let Some(other) = first.insert(name, &module.file) {
                    let advice =
                        format!("`{name}` is the name of a type in {} too: rename one", other.display());
                    faults.add(&module.file, 1, &advice);
                }
            }
        }
    }
    faults.assert_none();
}

/// The modules of a crate by their path from its root.
struct Crate {
    folder: PathBuf,
    modules: BTreeMap<Vec<String>, Module>,
}

/// A module, which is a file or stands in its parent's.
#[derive(Default)]
struct Module {
    file: PathBuf,
    defined: BTreeSet<String>,
    public_types: Vec<String>,
    /// Names that it re-exports, with their paths from the crate's root.
    reexports: BTreeMap<String, Vec<String>>,
    glob_reexports: Vec<Vec<String>>,
    /// Paths that it uses, from the crate's root.
    uses: Vec<Vec<String>>,
}

impl Crate {
    fn of(package: &Package) -> Self {
        let folder = PathBuf::from(package.sources());
        let entry = ["lib.rs", "main.rs"].map(|name| folder.join(name));
        let entry = entry.into_iter().find(|path| root().join(path).exists());
        let mut this = Self { folder, modules: BTreeMap::new() };
        let entry =
            entry.unwrap_or_else(|| panic!("{} has neither lib.rs nor main.rs", this.folder.display()));
        this.read_file(Vec::new(), &entry);
        this
    }

    fn read_file(&mut self, path: Vec<String>, file: &Path) {
        let parsed: File =
            syn::parse_file(&read(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_root_of_folder = path.is_empty() || file.file_name().is_some_and(|name| name == "mod.rs");
        let folder = file.parent().expect("a file has a folder").to_owned();
        let folder =
            if is_root_of_folder { folder } else { folder.join(path.last().expect("a module's name")) };
        self.read_items(path, file, &folder, &parsed.items);
    }

    fn read_items(&mut self, path: Vec<String>, file: &Path, folder: &Path, items: &[Item]) {
        let mut reader =
            Reader { path: path.clone(), children: children_of(items), module: Module::default() };
        reader.module.file = file.to_owned();
        let mut inner: Vec<&ItemMod> = Vec::new();
        for item in items {
            match item {
                Item::Mod(module) if !is_for_tests(&module.attrs) => inner.push(module),
                Item::Mod(_) => {}
                item => reader.visit_item(item),
            }
        }
        self.modules.insert(path.clone(), reader.module);
        for module in inner {
            let name = module.ident.to_string();
            let child: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
            if let Some((_, items)) = &module.content {
                self.read_items(child, file, &folder.join(&name), items);
            } else {
                let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
                let found = files.iter().find(|path| root().join(path).exists());
                let found = found.unwrap_or_else(|| panic!("{}: no file for `mod {name}`", file.display()));
                self.read_file(child, found);
            }
        }
    }

    /// The files that each file uses, itself aside.
    fn edges(&self) -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
        let mut edges: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for module in self.modules.values() {
            let used = module.uses.iter().filter_map(|path| self.file_that_defines(path, REEXPORTS_MAX));
            let used: Vec<PathBuf> = used.filter(|file| *file != module.file).collect();
            edges.entry(module.file.clone()).or_default().extend(used);
        }
        edges
    }

    /// The file that defines the item at a path from the crate's root.
    fn file_that_defines(&self, path: &[String], reexports_left: usize) -> Option<PathBuf> {
        let depth = (0..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth]))?;
        let module = &self.modules[&path[..depth]];
        let Some(name) = path.get(depth).filter(|name| !module.defined.contains(*name)) else {
            return Some(module.file.clone());
        };
        let rest = &path[depth + 1..];
        let left = reexports_left.checked_sub(1)?;
        if let Some(target) = module.reexports.get(name) {
            return self.file_that_defines(&[target, rest].concat(), left);
        }
        let globs = module.glob_reexports.iter().map(|glob| [glob.as_slice(), &path[depth..]].concat());
        globs
            .filter(|path| {
                self.modules
                    .get(&path[..path.len() - 1 - rest.len()])
                    .is_some_and(|m| m.defined.contains(name))
            })
            .find_map(|path| self.file_that_defines(&path, left))
            .or_else(|| Some(module.file.clone()))
    }

    /// The folder directly below the crate's root that a file belongs to, together with the file of the folder's name;
    /// a file beside them stands for itself.
    fn folder_of(&self, file: &Path) -> PathBuf {
        let inside = file.strip_prefix(&self.folder).expect("it belongs to the crate");
        let first = inside.iter().next().expect("a path has a part");
        self.folder.join(Path::new(first).with_extension(""))
    }

    fn add_cycles(&self, edges: &BTreeMap<PathBuf, BTreeSet<PathBuf>>, faults: &mut Faults) {
        for cycle in cycles(edges) {
            let arrows = cycle.iter().flat_map(|from| {
                let targets = edges[from].iter().filter(|to| cycle.contains(to));
                targets.map(|to| format!("{} -> {}", self.name_of(from), self.name_of(to)))
            });
            let arrows = arrows.collect::<Vec<_>>().join(", ");
            let advice = format!(
                "an import cycle of {} ({arrows}): move what both sides need below both",
                cycle.len()
            );
            faults.add(&cycle[0], 1, &advice);
        }
    }

    fn name_of(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder).unwrap_or(path).display().to_string()
    }
}

/// The modules that these items declare.
fn children_of(items: &[Item]) -> BTreeSet<String> {
    let modules = items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

/// Collects what one module defines, re-exports and uses.
struct Reader {
    path: Vec<String>,
    children: BTreeSet<String>,
    module: Module,
}

impl Reader {
    /// The path from the crate's root, if the path is one into the crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([&self.path, &path[1..]].concat()),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let kept = self.path.len().checked_sub(up)?;
                Some([&self.path[..kept], &path[up..]].concat())
            }
            first if self.children.contains(first) => Some([self.path.as_slice(), path].concat()),
            _ => None,
        }
    }

    fn define(&mut self, name: &Ident, visibility: &Visibility, is_type: bool) {
        self.module.defined.insert(name.to_string());
        if is_type && !matches!(visibility, Visibility::Inherited) {
            self.module.public_types.push(name.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests(attributes_of(item)) {
            return;
        }
        match item {
            Item::Struct(item) => self.define(&item.ident, &item.vis, true),
            Item::Enum(item) => self.define(&item.ident, &item.vis, true),
            Item::Trait(item) => self.define(&item.ident, &item.vis, true),
            Item::Type(item) => self.define(&item.ident, &item.vis, true),
            Item::Fn(item) => self.define(&item.sig.ident, &item.vis, false),
            Item::Const(item) => self.define(&item.ident, &item.vis, false),
            Item::Static(item) => self.define(&item.ident, &item.vis, false),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        leaves_of(&item.tree, &mut Vec::new(), &mut leaves);
        for Leaf { path, name } in leaves {
            let Some(path) = self.absolute(&path) else { continue };
            match (&item.vis, name) {
                (Visibility::Inherited, _) => self.module.uses.push(path),
                (_, Some(name)) => drop(self.module.reexports.insert(name, path)),
                (_, None) => self.module.glob_reexports.push(path),
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if parts.len() > 1 {
            self.module.uses.extend(self.absolute(&parts));
        }
        visit::visit_path(self, path);
    }

    /// What a macro is given is no syntax tree yet: paths in it are found by their text.
    fn visit_macro(&mut self, item: &'ast Macro) {
        let text = item.tokens.to_string().replace(" :: ", "::");
        for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            let parts: Vec<String> = word.split("::").map(str::to_owned).collect();
            if parts.len() > 1 {
                self.module.uses.extend(self.absolute(&parts));
            }
        }
        visit::visit_macro(self, item);
    }
}

/// A name that a `use` brings; a glob has none.
struct Leaf {
    path: Vec<String>,
    name: Option<String>,
}

fn leaves_of(tree: &UseTree, before: &mut Vec<String>, leaves: &mut Vec<Leaf>) {
    let at = |before: &[String], last: &Ident| [before, &[last.to_string()]].concat();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves_of(&path.tree, before, leaves);
            before.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                leaves_of(tree, before, leaves);
            }
        }
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push(Leaf { path: before.clone(), name: before.last().cloned() });
        }
        UseTree::Name(name) => {
            leaves.push(Leaf { path: at(before, &name.ident), name: Some(name.ident.to_string()) });
        }
        UseTree::Rename(rename) => {
            let path = if rename.ident == "self" { before.clone() } else { at(before, &rename.ident) };
            leaves.push(Leaf { path, name: Some(rename.rename.to_string()) });
        }
        UseTree::Glob(_) => leaves.push(Leaf { path: before.clone(), name: None }),
    }
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<Ident>().is_ok_and(|argument| argument == "test")
    })
}

/// The groups of nodes that reach each other, each in order (Tarjan's strongly connected components, by the simplest
/// means: two nodes are in one group if each reaches the other).
fn cycles(edges: &BTreeMap<PathBuf, BTreeSet<PathBuf>>) -> Vec<Vec<PathBuf>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        edges.keys().map(|from| (from, reached_from(from, edges))).collect();
    let mut groups: BTreeSet<Vec<PathBuf>> = BTreeSet::new();
    for (from, targets) in &reached {
        let group: Vec<PathBuf> = targets
            .iter()
            .filter(|to| reached.get(**to).is_some_and(|back| back.contains(from)))
            .map(|to| (*to).clone())
            .collect();
        if group.len() > 1 {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

fn reached_from<'a>(
    from: &'a PathBuf,
    edges: &'a BTreeMap<PathBuf, BTreeSet<PathBuf>>,
) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        for next in edges.get(node).into_iter().flatten() {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}

#[test]
fn a_cycle_is_found_and_a_diamond_is_none() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (from, to) in edges {
            graph.entry(PathBuf::from(to)).or_default();
            graph.entry(PathBuf::from(from)).or_default().insert(PathBuf::from(to));
        }
        cycles(&graph)
    };
    assert!(graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]).is_empty());
    let found = graph(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]);
    assert_eq!(found, [[PathBuf::from("b"), PathBuf::from("c")]]);
}
