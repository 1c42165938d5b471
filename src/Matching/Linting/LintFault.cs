namespace FederationNode.Matching.Linting;

/// <summary>A listing that would do harm.</summary>
/// <param name="Field">The field of the request, such as <c>.value</c>.</param>
/// <param name="Says">
/// What is wrong and what to do instead: the rest of a sentence that begins with the field, without a full stop. It never
/// quotes the value.
/// </param>
public sealed record LintFault(string Field, string Says);
