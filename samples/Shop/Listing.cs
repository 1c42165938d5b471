namespace FederationNode.Shop;

/// <summary>What a seller wants to sell.</summary>
/// <param name="Id">The shop's number of it.</param>
/// <param name="Title">Its title.</param>
/// <param name="Description">What it is.</param>
internal sealed record Listing(string Id, string Title, string Description);
