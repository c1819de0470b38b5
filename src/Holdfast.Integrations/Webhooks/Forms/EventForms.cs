using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>Makes the form that settings ask for.</summary>
internal static class EventForms
{
    public static IEventForm Create(WebhookSettings settings) => settings.Body switch
    {
        WebhookBody.CloudEvents => new CloudEventsForm(settings.MaxBatch > 1),
        WebhookBody.Form => new UrlEncodedForm(),
        WebhookBody.Raw => new RawForm(settings.ContentType),
        WebhookBody.Template => new TemplateForm(settings.Template ?? "", settings.ContentType),
        _ => new JsonForm(settings.MaxBatch > 1),
    };
}
