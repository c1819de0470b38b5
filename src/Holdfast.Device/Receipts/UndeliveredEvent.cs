namespace Holdfast.Device.Receipts;

/// <summary>An event that the cloud has stored, and that an integration will never deliver: refused for good, or expired.</summary>
/// <param name="Identity">Its name for good.</param>
/// <param name="Level">What it was waiting for.</param>
/// <param name="Integration">Which integration says so.</param>
public sealed record UndeliveredEvent(EventIdentity Identity, string Level, string Integration);
