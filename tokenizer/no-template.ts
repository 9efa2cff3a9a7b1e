// What stands in for a chat template where a model file has none, and what is said then. Pure.

export interface StandIn {
  readonly source: string
  readonly notice: string
}

const MISSING = 'the model has no chat template (tokenizer.chat_template)'

/** The form that most models know: programs, and single questions, get answers that end. */
export const CHATML: StandIn = {
  source:
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  notice: `${MISSING}: ChatML is used`,
}

/**
 * What was said, a line each, for a person at a terminal: a base model goes on from that and knows no marks of ChatML, and
 * whoever watches it can stop it.
 */
export const PLAIN_CHAT: StandIn = {
  source: '{{ bos_token }}{% for message in messages %}{{ message.content }}\n{% endfor %}',
  notice: `${MISSING}: a plain chat, it goes on from what was said (--chat-template has one)`,
}
