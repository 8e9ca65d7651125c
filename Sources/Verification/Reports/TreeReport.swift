import Artifacts

extension TreeStanding {
  /// The node for machines.
  var json: JSON {
    func share(_ share: Share) -> JSON {
      [
        "outcome": .string(share.outcome), "weight": .integer(share.weight),
        "claims": .array(share.ids.map { .string($0) }),
      ]
    }
    return [
      "name": .string(name), "question": .string(question), "settled": .array(settled.map(share)),
      "open": share(open), "children": .array(children.map(\.json)),
    ]
  }

  /// The node and what is below it, as nested blocks. A claim's id leads to the claim where `linked` has it.
  func html(linked: Set<String>, depth: Int = 0) -> [String] {
    var lines = ["<div class=\"node depth\(depth)\">"]
    lines.append(
      "<p class=\"node-name\"><strong>\(Markup.escape(name))</strong> <span class=\"soft\">\(Markup.escape(question))</span></p>"
    )
    if isAsked {
      let shares = settled.map { share in
        "<span class=\"badge \(share.outcome.replacing(" ", with: "-"))\">\(share.outcome), weight \(share.weight)</span>"
      }
      let waiting =
        open.ids.isEmpty
        ? [] : ["<span class=\"badge not-run\">open, weight \(open.weight)</span>"]
      lines.append("<p class=\"node-state\">\((shares + waiting).joined(separator: " "))</p>")
      if children.isEmpty {
        for (label, ids) in [("Refuted", refuted), ("Open", open.ids)] where !ids.isEmpty {
          let names = ids.map { id in
            linked.contains(id)
              ? "<a href=\"#\(Markup.escape(id))\">\(Markup.escape(id))</a>" : Markup.escape(id)
          }
          lines.append("<p class=\"node-claims\">\(label): \(names.joined(separator: ", "))</p>")
        }
      }
    } else {
      lines.append("<p class=\"node-state soft\">not asked in this verification</p>")
    }
    for child in children { lines += child.html(linked: linked, depth: depth + 1) }
    return lines + ["</div>"]
  }
}
