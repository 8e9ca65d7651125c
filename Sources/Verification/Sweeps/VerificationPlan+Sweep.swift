extension VerificationPlan {
  /// The runs to train, as rows of a sweep, in the order of the requests.
  package var rows: [SweepRow] {
    requests.flatMap { request in
      request.missing.map { seed in
        var recipe = request.recipe
        recipe.seed = seed
        return SweepRow(
          recipe: recipe, testTime: request.preset.testTime,
          spectra: request.spectra)
      }
    }
  }
}
