import EscapementDrawing
import EscapementArtifacts

extension TreeStanding {
  /// The node as JSON.
  var json: JSON {
    func share(_ share: Share) -> JSON {
      [
        "kind": .string(share.kind.rawValue), "outcome": .string(share.outcome),
        "weight": .integer(share.weight),
        "claims": .array(share.ids.map { .string($0) }),
      ]
    }
    return [
      "name": .string(name), "question": .string(question), "settled": .array(settled.map(share)),
      "open": .array(open.map(share)), "children": .array(children.map(\.json)),
    ]
  }

  /// The node and its children, as nested blocks. A claim's id is a link if `linked` contains it.
  func html(linked: Set<String>, depth: Int = 0) -> [String] {
    var lines = ["<div class=\"node depth\(depth)\">"]
    lines.append(
      "<p class=\"node-name\"><strong>\(Markup.escape(name))</strong> <span class=\"soft\">\(Markup.escape(question))</span></p>"
    )
    if isAsked {
      for kind in ClaimKind.allCases {
        let shares = (settled + open).filter { $0.kind == kind }
        guard !shares.isEmpty else { continue }
        let badges = shares.map { share in
          let style = share.outcome == "open" ? "not-run" : share.outcome.replacing(" ", with: "-")
          return "<span class=\"badge \(style)\">\(share.outcome), weight \(share.weight)</span>"
        }
        lines.append(
          "<p class=\"node-state\">\(Markup.escape(kind.title)): \(badges.joined(separator: " "))</p>")
      }
      if children.isEmpty {
        for (label, shares) in [("Refuted", refuted), ("Open", open)] {
          for share in shares {
            let names = share.ids.map { id in
              linked.contains(id)
                ? "<a href=\"#\(Markup.escape(id))\">\(Markup.escape(id))</a>" : Markup.escape(id)
            }
            lines.append(
              "<p class=\"node-claims\">\(label), \(Markup.escape(share.kind.title)): "
                + "\(names.joined(separator: ", "))</p>")
          }
        }
      }
    } else {
      lines.append("<p class=\"node-state soft\">not asked in this verification</p>")
    }
    for child in children { lines += child.html(linked: linked, depth: depth + 1) }
    return lines + ["</div>"]
  }
}
