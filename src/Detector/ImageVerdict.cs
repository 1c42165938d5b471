using FederationNode.Contracts.Api;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;

namespace FederationNode.Detector;

/// <summary>What the list says of an image file.</summary>
/// <param name="Verdict">The gravest verdict of its matches, unless <paramref name="Reason"/> says why it is another.</param>
/// <param name="Matches">One for each indicator, the nearest; the gravest first.</param>
/// <param name="Image">What was worked out of it.</param>
/// <param name="Error">Why it could not be decoded, so that only the very file was looked up; or null.</param>
/// <param name="Reason">Why the verdict is graver than that of any match, in words, or null.</param>
public sealed record ImageVerdict(
    Verdict Verdict, IReadOnlyList<JudgedMatch> Matches, CheckedImage Image, string? Error, string? Reason);
